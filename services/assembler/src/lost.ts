import { type EncodedMessage, encodeEvent, isFinal, nextRunMessages, type RecordingStatus } from '@dailies/contracts';
import type { RunKey } from '@dailies/library';
import { filmPath, followUp } from './finish.ts';
import type { AssemblerPorts } from './ports.ts';

/**
 * What was stored of a run can be lost: somebody empties the work folder, or a disk comes back without it. Its batches
 * were acknowledged and nobody sends them again, so the recording would be graded for ever. The original is there, so it
 * is begun anew, as its next run. Or it is archived already: then its film was published before that, and the run is over.
 */

/** Name of the note that holds the split's end: how many batches there are, and what the recording is. */
export const EXPECTED = 'split-complete';

/** What is on disk of a run. */
interface Kept {
  readonly stored: ReadonlySet<number>;
  /** Whether this process has noted the split's end, and the note is gone. */
  readonly noteGone: boolean;
}

/** Whether a run that goes on misses something that was stored. A batch is told after it is durable. Pure. */
export function isMissing(status: RecordingStatus | undefined, { run, cut }: RunKey, kept: Kept): boolean {
  if (!status || status.run !== run || status.cut !== cut || isFinal(status.state)) return false;
  // Then its batches were removed by ourselves.
  if (status.cutAgain) return false;
  return kept.noteGone || status.stored.keys().some((index) => !kept.stored.has(index));
}

/** Whether something of a run is lost. What our own view shows may be old, so it only makes us look closer. */
export async function isLost(key: RunKey, ports: AssemblerPorts): Promise<boolean> {
  // First the disk: what is missing then, and removed because the run was over, was told to be over before.
  const stored = new Set(await ports.batches.list(key));
  const wasNoted = ports.noted.get(key.recordingId) === nameOf(key);
  const kept = { stored, noteGone: wasNoted && (await ports.notes.read(key, EXPECTED)) === null };
  return isMissing(ports.view.get(key.recordingId), key, kept) && isMissing(await now(key, ports), key, kept);
}

/** The messages that begin a recording anew, or end it, whose run has lost something; null when the run is over anyway. */
export async function beginAnew(key: RunKey, ports: AssemblerPorts): Promise<EncodedMessage[] | null> {
  const status = await now(key, ports);
  if (!status || status.run !== key.run || isFinal(status.state)) return null;
  const { recordingId, path, run } = status;
  const finished = await whenArchived(status, ports);
  if (finished) return [finished];
  ports.warn(
    { recordingId, path, run: run + 1 },
    'begun anew: graded batches of it are gone from the work folder; is something else removing files there?',
  );
  return nextRunMessages(status, new Date(ports.now()).toISOString());
}

/** The end of a run whose original is archived: only telling it was left. Null when it is not, or its film is not found. */
async function whenArchived(status: RecordingStatus, ports: AssemblerPorts): Promise<EncodedMessage | null> {
  const { recordingId, run, path, kind, fingerprint, frames, durationMs } = status;
  const there = await ports.describe(await ports.resolve(path)).catch(() => null);
  if (there?.fingerprint === fingerprint || status.state !== 'assembling' || frames === null) return null;
  const archived = await ports.films.findOriginal(path, fingerprint);
  if (archived === null) return null;
  const extensions = kind === 'image' ? [null] : ['.mp4', '.mov'];
  const names = [...new Set(extensions.map((extension) => filmPath(path, extension)))];
  const films = (await Promise.all(names.map((name) => ports.films.list(name)))).flat();
  // Not one of another recording, or of an earlier run, unless that one had the same bytes.
  const others = new Set(ports.view.all().map((other) => other.film));
  const film = films.findLast((each) => !others.has(each.film)) ?? films.find((each) => each.film === status.film);
  if (!film) return null;
  await followUp(path, film.film, ports);
  const at = new Date(ports.now()).toISOString();
  const facts = { archived, film: film.film, frames, durationMs: durationMs ?? 0, filmBytes: film.sizeBytes };
  return encodeEvent({ v: 1, type: 'finished', recordingId, run, at, ...facts });
}

/** Lets go of what was noted of recordings that have ended. @returns stops that */
export function forgetEnded({ view, noted }: Pick<AssemblerPorts, 'view' | 'noted'>): () => void {
  return view.onEvent((_, { recordingId, state }) => {
    if (isFinal(state)) noted.delete(recordingId);
  });
}

export const nameOf = ({ run, cut }: RunKey): string => `${run}-${cut}`;

/** A recording as all events that there are tell it. */
async function now({ recordingId }: RunKey, ports: AssemblerPorts): Promise<RecordingStatus | undefined> {
  const all = await ports.readAll();
  try {
    return all.get(recordingId);
  } finally {
    await all.close();
  }
}
