import { isFinal, type RecordingStatus } from '@dailies/contracts';
import { EXIT } from './command.ts';

/** What `--once` is asked to work through: the recordings of the folder, as the view tells. Pure, all of it. */

/** A replaced file makes two recordings of one path; the newest is what is there. Order is kept. */
export function newestOfEachPath(recordings: readonly RecordingStatus[]): RecordingStatus[] {
  const newest = new Map(recordings.map((status) => [status.path, status.recordingId]));
  return recordings.filter((status) => newest.get(status.path) === status.recordingId);
}

/** Whether nothing is in hand any more. */
export function isSettled(recordings: readonly RecordingStatus[]): boolean {
  return recordings.every((status) => isFinal(status.state));
}

export interface Outcome {
  readonly films: readonly RecordingStatus[];
  /** In the order in which they were found. */
  readonly failed: readonly RecordingStatus[];
  /** Those that still have not ended: the work was stopped. */
  readonly unfinished: readonly RecordingStatus[];
}

/**
 * What became of the recordings that count: those to which something happened in this run, and those that failed before
 * and still lie there (they are in the folder, and are no films).
 * @param touched ids of recordings to which something happened in this run
 * @param isThere whether the file of a path is still in the folder
 */
export function outcomeOf(
  recordings: readonly RecordingStatus[],
  touched: ReadonlySet<string>,
  isThere: (path: string) => boolean,
): Outcome {
  const counted = newestOfEachPath(recordings).filter(
    (status) => touched.has(status.recordingId) || (status.state !== 'finished' && isThere(status.path)),
  );
  return {
    films: counted.filter((status) => status.state === 'finished'),
    failed: counted.filter((status) => isFinal(status.state) && status.state !== 'finished'),
    unfinished: counted.filter((status) => !isFinal(status.state)),
  };
}

/** The exit code of `--once`: 0 only when every recording became a film. `problems` are folders that could not be read. */
export function exitCodeOfOnce(outcome: Outcome, problems: number): number {
  return outcome.failed.length + outcome.unfinished.length + problems > 0 ? EXIT.incomplete : EXIT.ok;
}
