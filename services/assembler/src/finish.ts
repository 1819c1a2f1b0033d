import { DailiesError, type EncodedMessage, encodeEvent, type SplitComplete } from '@dailies/contracts';
import { type RunKey, withExtension } from '@dailies/library';
import type { AssemblerPorts } from './ports.ts';
import { storedBatches } from './stored.ts';

/** Name of the note that the film is published, and where: from then on the recording only has to be archived. */
const PUBLISHED = 'published';

interface Published {
  readonly film: string;
  readonly frames: number;
  readonly durationMs: number;
}

/**
 * Makes, verifies and publishes the film, then moves the original. Each step can be repeated: a process that dies here
 * goes on where it was.
 */
export async function finishRecording(
  expected: SplitComplete,
  key: RunKey,
  ports: AssemblerPorts,
  signal: AbortSignal,
): Promise<EncodedMessage[]> {
  const original = await ports.resolve(expected.path);
  const note = await ports.notes.read(key, PUBLISHED);
  const published =
    note === null ? await publishFilm(expected, key, original, ports, signal) : (JSON.parse(note) as Published);
  const archived = await ports.films.archive(original, expected.path, expected.fingerprint);
  await ports.films.sidecars(expected.path, published.film);
  const filmBytes = await ports.films.sizeOf(published.film);
  await ports.batches.remove(expected.recordingId);
  const at = new Date(ports.now()).toISOString();
  return [
    encodeEvent({
      v: 1,
      type: 'finished',
      recordingId: expected.recordingId,
      run: expected.run,
      at,
      film: published.film,
      archived,
      frames: published.frames,
      durationMs: published.durationMs,
      filmBytes,
    }),
  ];
}

async function publishFilm(
  expected: SplitComplete,
  key: RunKey,
  original: string,
  ports: AssemblerPorts,
  signal: AbortSignal,
): Promise<Published> {
  await checkUnchanged(expected, original, ports);
  const temporary = await ports.films.temporary(expected.recordingId);
  const made =
    expected.kind === 'image'
      ? await makeImage(key, temporary, ports)
      : await makeVideo(expected, key, original, temporary, ports, signal);
  // Once more: the sound was read from the original while the film was made.
  await checkUnchanged(expected, original, ports);
  const film = await ports.films.publish(expected.recordingId, temporary, filmPath(expected.path, made.extension));
  const published = { film, frames: made.frames, durationMs: made.durationMs };
  await ports.notes.write(key, PUBLISHED, JSON.stringify(published));
  return published;
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
