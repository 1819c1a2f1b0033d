import { isFinal, type RecordingStatus, toDailiesError } from '@dailies/contracts';
import type { BatchStore, FilmStore } from '@dailies/library';
import type { Logger, RecordingsReader } from '@dailies/service';

export interface SweeperPorts {
  readonly view: Pick<RecordingsReader, 'get' | 'onEvent'>;
  readonly batches: Pick<BatchStore, 'removeUpTo' | 'recordings'>;
  /** `discard` removes a film that was begun. */
  readonly films: Pick<FilmStore, 'discard'>;
  /** A view that has just read all events that there are. */
  readAll(): Promise<Pick<RecordingsReader, 'get' | 'close'>>;
  readonly log: Pick<Logger, 'warn' | 'debug'>;
}

/** Removes what nobody needs any more from the work folder, when the view shows that its run has ended. */
export interface Sweeper {
  /** Sweeps what is there, and from now on after each run that ends. */
  start(): Promise<void>;
  /** Runs some work on a recording; what is kept of it stays for as long. */
  holding<T>(recordingId: string, work: () => Promise<T>): Promise<T>;
  /** Resolves when nothing is being removed. */
  stop(): Promise<void>;
}

interface Leftovers {
  /** The last run of which nothing is needed any more, or -1. */
  readonly run: number;
  /** Whether the recording has ended, so that a film that was begun is not going on. */
  readonly ended: boolean;
}

/**
 * What of a recording may go. Pure. The batches of a run in work are all that there is of it: they were acknowledged, and
 * nobody sends them again.
 */
export function leftoversOf({ state, run }: Pick<RecordingStatus, 'state' | 'run'>): Leftovers {
  return isFinal(state) ? { run, ended: true } : { run: run - 1, ended: false };
}

/** Of a recording that nobody knows nothing is needed. */
const ALL: Leftovers = { run: Number.MAX_SAFE_INTEGER, ended: true };

export function createSweeper({ view, batches, films, readAll, log }: SweeperPorts): Sweeper {
  const held = new Map<string, number>();
  const wanted = new Map<string, Leftovers>();
  const running = new Set<Promise<void>>();
  let unfollow = (): void => {};

  const sweep = async (recordingId: string, { run, ended }: Leftovers): Promise<void> => {
    try {
      // While batches are there, the next start looks again; so they go last.
      if (ended) await films.discard(recordingId);
      if (run >= 0) await batches.removeUpTo(recordingId, run);
    } catch (thrown) {
      // Nothing is wrong with the recording.
      const { code, message } = toDailiesError(thrown);
      log.warn({ recordingId, code, reason: message }, 'the work folder of a recording could not be removed');
    }
  };
  const begin = (recordingId: string): void => {
    const leftovers = wanted.get(recordingId);
    if (!leftovers || held.has(recordingId)) return;
    wanted.delete(recordingId);
    const work = sweep(recordingId, leftovers).finally(() => running.delete(work));
    running.add(work);
  };

  return {
    async start() {
      unfollow = view.onEvent((event, status) => {
        // A run ends by one of these, or because the next one begins.
        if (!['finished', 'failed', 'quarantined', 'found'].includes(event.type)) return;
        wanted.set(status.recordingId, leftoversOf(status));
        begin(status.recordingId);
      });
      const unknown: string[] = [];
      for (const recordingId of await batches.recordings()) {
        const status = view.get(recordingId);
        if (status) await sweep(recordingId, leftoversOf(status));
        else unknown.push(recordingId);
      }
      if (unknown.length === 0) return;
      // Somebody has removed the bus, or its events are older than it keeps them. The recording is found anew if it is there,
      // and must not be mixed with batches of a former life, graded with who knows which look. Another process may have
      // stored the first batches of a new one since the view was read, so it is read once more.
      const all = await readAll();
      for (const recordingId of unknown) {
        if (all.get(recordingId)) continue;
        log.debug({ recordingId }, 'what is kept of a recording that nobody knows any more is removed');
        await sweep(recordingId, ALL);
      }
      await all.close();
    },
    async holding(recordingId, work) {
      held.set(recordingId, (held.get(recordingId) ?? 0) + 1);
      try {
        return await work();
      } finally {
        const left = (held.get(recordingId) ?? 1) - 1;
        if (left > 0) held.set(recordingId, left);
        else held.delete(recordingId);
        begin(recordingId);
      }
    },
    async stop() {
      unfollow();
      await Promise.all(running);
    },
  };
}
