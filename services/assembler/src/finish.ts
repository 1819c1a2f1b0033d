import { DailiesError, type EncodedMessage, encodeEvent, type SplitComplete, toDailiesError } from '@dailies/contracts';
import { type RunKey, withExtension } from '@dailies/library';
import type { AssemblerPorts } from './ports.ts';
import { storedBatches } from './stored.ts';

/*
 * The end of a recording, step by step. A process may die between any two of them; then the message that led here is
 * delivered again, perhaps to another process whose view has not yet seen what this one has told. What makes each step safe
 * to come twice:
 *
 *   1 make the film          under a temporary name; the next try removes what is left of it
 *   2 note `film`            what it is, and how it will be known again
 *   3 publish it             atomic, never over another file; a second try finds it by the note, whatever ffmpeg it has
 *   4 note `published`       from now on the film may be moved away by its users
 *   5 archive the original   a second try finds that it was moved, also when another file has its place by now
 *   6 metadata.json, marker  each is moved or recognised
 *   7 `finished`             goes out with the acknowledgement: together in the embedded bus, before it in Kafka, so that it
 *                            may come twice, which changes nothing
 *   8 the work is removed    by whoever SEES `finished` (sweep.ts), never before it is durable: without the work, a second
 *                            try would wait for batches that nobody sends again, and the recording would never end
 */

/** A film that is made, and not yet under its name. */
const FILM = 'film';
/** The film is published: from then on the recording only has to be archived. */
const PUBLISHED = 'published';

interface Made {
  readonly wanted: string;
  readonly fingerprint: string;
  readonly frames: number;
  readonly durationMs: number;
  readonly filmBytes: number;
}

interface Published extends Pick<Made, 'frames' | 'durationMs' | 'filmBytes'> {
  readonly film: string;
}

/**
 * Makes, verifies and publishes the film, then moves the original.
 * @returns the `finished` event, to be published with the acknowledgement; nothing when a later run has been begun
 *   meanwhile (`replay --force`): the original is that one's
 * @throws DailiesError
 */
export async function finishRecording(
  expected: SplitComplete,
  key: RunKey,
  ports: AssemblerPorts,
  signal: AbortSignal,
): Promise<EncodedMessage[]> {
  const original = await ports.resolve(expected.path);
  const published =
    (await readNote<Published>(key, PUBLISHED, ports)) ?? (await publishFilm(expected, key, original, ports, signal));
  if (!published || isSuperseded(key, ports, signal)) return [];
  const archived = await archive(expected, original, published, ports);
  await followUp(expected.path, published.film, ports);
  const { recordingId, run } = expected;
  const at = new Date(ports.now()).toISOString();
  return [encodeEvent({ v: 1, type: 'finished', recordingId, run, at, archived, ...published })];
}

/** Moves what lies beside the original. The film is published and the original archived: nothing here makes that a failure. */
export async function followUp(path: string, film: string, ports: AssemblerPorts): Promise<void> {
  try {
    await ports.films.sidecars(path, film);
  } catch (thrown) {
    const error = toDailiesError(thrown);
    if (error.fate !== 'never') throw thrown;
    const { code, message: reason } = error;
    ports.warn({ path, code, reason }, 'metadata.json stays where it is; the film is done');
  }
}

/** Whether a later run has been begun. @throws what the work is given back for: then another process may have it by now */
function isSuperseded({ recordingId, run }: RunKey, ports: AssemblerPorts, signal: AbortSignal): boolean {
  signal.throwIfAborted();
  return (ports.view.get(recordingId)?.run ?? run) > run;
}

async function publishFilm(
  expected: SplitComplete,
  key: RunKey,
  original: string,
  ports: AssemblerPorts,
  signal: AbortSignal,
): Promise<Published | null> {
  const before = await readNote<Made>(key, FILM, ports);
  const there = before && (await ports.films.find(expected.recordingId, before.wanted, before.fingerprint));
  const done = there ? { ...before, film: there } : await makeAndPublish(expected, key, original, ports, signal);
  if (!done) return null;
  const { film, frames, durationMs, filmBytes } = done;
  const published = { film, frames, durationMs, filmBytes };
  await ports.notes.write(key, PUBLISHED, JSON.stringify(published));
  return published;
}

async function makeAndPublish(
  expected: SplitComplete,
  key: RunKey,
  original: string,
  ports: AssemblerPorts,
  signal: AbortSignal,
): Promise<Published | null> {
  await checkUnchanged(expected, original, ports);
  const temporary = await ports.films.temporary(expected.recordingId);
  const { extension, frames, durationMs } =
    expected.kind === 'image'
      ? await makeImage(key, temporary, ports)
      : await makeVideo(expected, key, original, temporary, ports, signal);
  // Once more: the sound was read from the original while the film was made.
  await checkUnchanged(expected, original, ports);
  const wanted = filmPath(expected.path, extension);
  const { sizeBytes: filmBytes, fingerprint } = await ports.describe(temporary);
  // The film that is left goes when the later run makes its own, or ends.
  if (isSuperseded(key, ports, signal)) return null;
  const made: Made = { wanted, fingerprint, frames, durationMs, filmBytes };
  await ports.notes.write(key, FILM, JSON.stringify(made));
  const film = await ports.films.publish(expected.recordingId, temporary, wanted);
  return { film, frames, durationMs, filmBytes };
}

/** @throws DailiesError RECORDING_GONE, RECORDING_CHANGED that name the film, which stays: it was exact when it was published */
async function archive(
  expected: SplitComplete,
  original: string,
  { film }: Published,
  ports: AssemblerPorts,
): Promise<string> {
  try {
    return await ports.films.archive(original, expected.path, expected.fingerprint);
  } catch (cause) {
    const error = toDailiesError(cause);
    if (error.code !== 'RECORDING_GONE' && error.code !== 'RECORDING_CHANGED') throw cause;
    throw new DailiesError(error.code, `${error.message} Its film was published before that, as ${film}.`, { cause });
  }
}

async function readNote<T>(key: RunKey, name: string, ports: AssemblerPorts): Promise<T | null> {
  const text = await ports.notes.read(key, name);
  return text === null ? null : (JSON.parse(text) as T);
}

async function makeVideo(
  expected: SplitComplete,
  key: RunKey,
  original: string,
  temporary: string,
  ports: AssemblerPorts,
  signal: AbortSignal,
) {
  const batches = await storedBatches(expected.batches, key, ports);
  const made = await ports.makeFilm({
    recordingId: expected.recordingId,
    recording: original,
    batches,
    timeBase: expected.timeBase,
    film: temporary,
    signal,
  });
  if (made.frames !== expected.frames)
    throw new DailiesError(
      'FILM_NOT_EXACT',
      `The film has ${made.frames} frames; the recording has ${expected.frames}. It was not published.`,
    );
  return { ...made, extension: `.${made.container}` };
}

async function makeImage(key: RunKey, temporary: string, ports: AssemblerPorts) {
  await ports.writeImage(temporary, await ports.batches.payload(key, 0));
  return { extension: null, frames: 1, durationMs: 0 };
}

/** @throws DailiesError RECORDING_GONE, RECORDING_CHANGED */
async function checkUnchanged(expected: SplitComplete, file: string, ports: AssemblerPorts): Promise<void> {
  const now = await ports.describe(file).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT')
      throw new DailiesError('RECORDING_GONE', `${expected.path} was deleted or moved away before its film was done.`, {
        cause,
      });
    throw cause;
  });
  if (now.sizeBytes !== expected.sizeBytes || now.fingerprint !== expected.fingerprint) {
    throw new DailiesError(
      'RECORDING_CHANGED',
      `${expected.path} was replaced or changed before its film was done; the new content is a recording of its own.`,
    );
  }
}

/** Where the film goes: the recording's own relative path; only an extension that would be wrong is replaced. */
export function filmPath(path: string, extension: string | null): string {
  return extension === null || path.toLowerCase().endsWith(extension) ? path : withExtension(path, extension);
}
