import type { Bus } from '@dailies/bus';
import { type DailiesError, type Kind, toDailiesError } from '@dailies/contracts';
import { type Library, readSession, structureOf } from '@dailies/library';
import { type Logger, makeFolders, type RecordingsReader, type Service } from '@dailies/service';
import { createCandidates } from './candidates.ts';
import { type Clock, systemClock } from './clock.ts';
import type { WatcherConfig } from './config.ts';
import { createFolderWatch } from './folder-watch.ts';
import { createHandling } from './handle.ts';
import { createLooking } from './looking.ts';
import { createMeetings } from './meetings.ts';
import { createPlaces } from './places.ts';

export interface IngestWatcherOptions {
  readonly bus: Pick<Bus, 'publish'>;
  readonly library: Library;
  readonly view: RecordingsReader;
  /** @throws DailiesError RECORDING_* when the file is no recording that can be graded */
  readonly inspect: (file: string, signal: AbortSignal) => Promise<{ kind: Kind; durationMs: number }>;
  readonly log: Logger;
  readonly config: WatcherConfig;
  readonly clock?: Clock;
}

export interface IngestWatcher extends Service {
  /** Resolves when everything that is in the folder now was announced, quarantined or is known, and the view shows it. */
  settled(): Promise<void>;
  /** What stands in the way at the moment and belongs to no recording: folders that are missing or closed. */
  problems(): readonly DailiesError[];
}

/** How often a recordings folder that is gone is asked for. */
const MISSING_POLL_MS = 1000;
const POLLING_INTERVAL_MS = 2000;

/**
 * Finds finished recordings and announces each of them once. One loop does all the looking, one step after the other;
 * file events, timers and calls from outside only wake it.
 */
export function createIngestWatcher({
  bus,
  library,
  view,
  inspect,
  log,
  config,
  clock = systemClock,
}: IngestWatcherOptions): IngestWatcher {
  const ending = new AbortController();
  const pending = { files: new Set<string>(), folders: new Set<string>() };
  const waiters = new Set<{ readonly scan: number; readonly resolve: () => void }>();
  let nextScanSteadyMs = Number.NEGATIVE_INFINITY;
  let awake = Promise.withResolvers<void>();
  let running: Promise<void> | null = null;
  let unfollow = (): void => {};

  const wake = (): void => awake.resolve();
  const note = (where: Set<string>, path: string): void => {
    where.add(path);
    wake();
  };
  const scanSoon = (): void => {
    nextScanSteadyMs = Number.NEGATIVE_INFINITY;
    wake();
  };
  const intervalMs = Math.min(config.rescanMs, POLLING_INTERVAL_MS);
  const folder = createFolderWatch(
    { library, watchPolling: config.watchPolling, intervalMs, log },
    { file: (path) => note(pending.files, path), folder: (path) => note(pending.folders, path), scan: scanSoon },
  );
  const handling = createHandling({
    ports: {
      view,
      inspect,
      describe: (file) => library.describe(file),
      session: (path) => readSession(library.recordings, path),
    },
    view,
    candidates: () => candidates,
    config,
    clock,
    log,
    signal: ending.signal,
    publish: (messages) => bus.publish(messages),
    structureOf,
    meetingIdOf: createMeetings(view, config.meetingGapMinutes * 60_000),
    placeOf: createPlaces(view),
    onChanged: (path) => note(pending.files, path),
    onDone: wake,
  });
  const candidates = createCandidates(config, clock, handling.readStructure);
  const looking = createLooking({ library, folder, candidates, log, onFinding: handling.handleFinding });

  async function scan(): Promise<void> {
    // Set before the looking: what asks for a scan meanwhile gets another one.
    nextScanSteadyMs = clock.steadyMs() + config.rescanMs;
    pending.files.clear();
    pending.folders.clear();
    const present = await looking.scan();
    if (!present) nextScanSteadyMs = Math.min(nextScanSteadyMs, clock.steadyMs() + MISSING_POLL_MS);
    candidates.retryDenied();
  }

  async function turn(): Promise<number> {
    try {
      if (clock.steadyMs() >= nextScanSteadyMs) await scan();
      else await looking.follow(pending);
      return Math.min(await handling.handleReady(), nextScanSteadyMs);
    } catch (thrown) {
      log.error({ err: toDailiesError(thrown) }, 'looking for recordings failed; it is tried again');
      nextScanSteadyMs = clock.steadyMs() + Math.min(config.rescanMs, config.backoffMaxMs);
      return nextScanSteadyMs;
    }
  }

  async function loop(): Promise<void> {
    while (!ending.signal.aborted) {
      // Renewed before the turn: what happens during it is seen by the next one.
      awake = Promise.withResolvers();
      const nextSteadyMs = await turn();
      for (const waiter of waiters) {
        if (looking.scans < waiter.scan || pending.files.size > 0 || !handling.isSettled()) continue;
        waiters.delete(waiter);
        waiter.resolve();
      }
      const cancel = clock.after(nextSteadyMs - clock.steadyMs(), wake);
      await awake.promise;
      cancel();
    }
  }

  return {
    name: 'ingest-watcher',
    async start() {
      await makeFolders({ library, view, log, signal: ending.signal });
      if (ending.signal.aborted) return;
      unfollow = view.onEvent(() => {
        if (waiters.size > 0) wake();
      });
      running = loop();
    },
    settled() {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (ending.signal.aborted) resolve();
      // One scan that begins after this call; the one that may be running does not count.
      else waiters.add({ scan: looking.scans + (looking.isScanning ? 2 : 1), resolve });
      scanSoon();
      return promise;
    },
    problems: () => [...looking.problems.values()],
    /** Nothing is lost by stopping at once: what was not announced is found again. */
    async stop() {
      ending.abort();
      wake();
      unfollow();
      await running;
      await handling.idle();
      await folder.close();
      for (const waiter of waiters) waiter.resolve();
      waiters.clear();
    },
  };
}
