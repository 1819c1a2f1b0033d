import type { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { DailiesError, toDailiesError } from '@dailies/contracts';
import type { Logger } from 'pino';
import type { Service } from './types.ts';

/** What comes from outside to end a process. Only main.ts touches `process`, so it hands these in: see `processHooks`. */
export interface ProcessHooks {
  /** Calls back at each SIGINT and SIGTERM; returns how to end that. */
  onSignal(callback: (signal: string) => void): () => void;
  /** Calls back for an error that nothing caught; returns how to end that. */
  onFatal(callback: (error: unknown) => void): () => void;
}

export interface RunOptions {
  /** How long stopping may take to finish work in hand, for all services together. */
  readonly drainMs: number;
  readonly log: Logger;
  readonly hooks: ProcessHooks;
  /**
   * Called when all are started; they are stopped when it resolves, as for `--once`. When it rejects, that is fatal. Its
   * signal is aborted when stopping begins for another reason: then nobody waits for it any more.
   */
  readonly until?: (stopping: AbortSignal) => Promise<void>;
  /** Called once, when stopping begins. */
  readonly onStopping?: (why: Ending) => void;
  /** A clock that only goes forward, ms. */
  readonly now?: () => number;
}

export type Ending =
  | { readonly by: 'signal'; readonly signal: string; readonly forced: boolean }
  | { readonly by: 'done' }
  | { readonly by: 'error'; readonly error: unknown };

/** Beyond the time to drain, what a service gets to close what it has open before it is left behind. */
const CLOSE_MS = 3000;

/**
 * One Ctrl-C can come twice: the terminal signals the whole group of processes, and npm passes its own on to us. What
 * follows so soon is the same keystroke.
 */
const SAME_KEYSTROKE_MS = 500;

/**
 * Runs services until a signal, an uncaught error or `until` ends it: starts them in order, stops them in reverse (all at
 * once after `until`). So list first who is needed by those after it; consumers before producers let the work in hand flow
 * out. A second signal
 * does not wait for anything.
 * @throws what a service threw at its start, after those before it were stopped
 */
export async function runServices(services: readonly Service[], options: RunOptions): Promise<Ending> {
  const { log, hooks } = options;
  const ending = Promise.withResolvers<Ending>();
  const forced = Promise.withResolvers<Ending>();
  const now = options.now ?? (() => performance.now());
  let firstSignalMs: number | null = null;
  const unhook = [
    hooks.onSignal((signal) => {
      if (firstSignalMs === null) {
        firstSignalMs = now();
        ending.resolve({ by: 'signal', signal, forced: false });
      } else if (now() - firstSignalMs >= SAME_KEYSTROKE_MS) {
        forced.resolve({ by: 'signal', signal, forced: true });
      }
    }),
    hooks.onFatal((error) => ending.resolve({ by: 'error', error })),
  ];
  const started: Service[] = [];
  const over = new AbortController();
  const stopping = new AbortController();
  try {
    for (const service of services) {
      started.push(service);
      // A signal ends a start that takes long, too.
      if ((await Promise.race([service.start(), ending.promise])) !== undefined) break;
    }
    options.until?.(stopping.signal).then(
      () => ending.resolve({ by: 'done' }),
      (error: unknown) => ending.resolve({ by: 'error', error }),
    );
    const why = await ending.promise;
    stopping.abort();
    options.onStopping?.(why);
    if (why.by === 'error') log.fatal({ err: why.error }, fatalText(why.error));
    // After an error nothing is known of the state of the process: what is in hand is given back, not finished.
    const drainMs = why.by === 'error' ? 0 : options.drainMs;
    // When all is done, nothing has to flow from one to the next, and leaving a group takes each a moment.
    const stop = why.by === 'done' ? stopAtOnce : stopInReverse;
    return await Promise.race([stop(started, drainMs, log, over.signal).then(() => why), forced.promise]);
  } catch (error) {
    await stopInReverse(started, 0, log, over.signal);
    throw error;
  } finally {
    stopping.abort();
    over.abort();
    for (const end of unhook) end();
  }
}

/** One of our own errors is a consumer that gave up, as when the file of the bus is damaged; any other is a mistake of ours. */
function fatalText(error: unknown): string {
  return error instanceof DailiesError ? 'cannot go on; stopping' : 'an error that nothing caught; stopping';
}

type Stop = (services: readonly Service[], drainMs: number, log: Logger, over: AbortSignal) => Promise<void>;

const stopInReverse: Stop = async (services, drainMs, log, over) => {
  const deadline = performance.now() + drainMs;
  for (const service of services.toReversed()) {
    if (over.aborted) return;
    await stopOne(service, Math.max(0, Math.round(deadline - performance.now())), log, over);
  }
};

const stopAtOnce: Stop = async (services, drainMs, log, over) => {
  await Promise.all(services.map((service) => stopOne(service, drainMs, log, over)));
};

/** One that fails or hangs does not keep the others from stopping. */
async function stopOne(service: Service, drainMs: number, log: Logger, over: AbortSignal): Promise<void> {
  const timer = new AbortController();
  try {
    const stopped = await Promise.race([
      service.stop({ drainMs }).then(() => true),
      sleep(drainMs + CLOSE_MS, false, { signal: AbortSignal.any([timer.signal, over]) }),
    ]);
    if (!stopped) log.error({ service: service.name }, 'did not stop in time and is left behind');
  } catch (error) {
    if (!over.aborted) log.error({ service: service.name, err: toDailiesError(error) }, 'did not stop cleanly');
  } finally {
    timer.abort();
  }
}

/** The exit code of an ending: 0 after a drained stop or when done, 128 + signal when forced, 1 after an error. */
export function exitCodeOf(ending: Ending): number {
  if (ending.by === 'error') return 1;
  if (ending.by === 'signal' && ending.forced) return ending.signal === 'SIGINT' ? 130 : 143;
  return 0;
}

/**
 * Ends the process as an error that nothing caught, see `processHooks`: for what only a new process can mend. The same way
 * as a consumer that gives up goes, when nobody waits for its `done`.
 */
export function endProcess(error: unknown): void {
  void Promise.reject(error);
}

/** The hooks of a process. For main.ts: `processHooks(process)`. */
export function processHooks(proc: Pick<EventEmitter, 'on' | 'off'>): ProcessHooks {
  const listen = (events: readonly string[], listener: (fact: unknown) => void): (() => void) => {
    for (const event of events) proc.on(event, listener);
    return () => {
      for (const event of events) proc.off(event, listener);
    };
  };
  return {
    onSignal: (callback) => listen(['SIGINT', 'SIGTERM'], (signal) => callback(String(signal))),
    onFatal: (callback) => listen(['uncaughtException', 'unhandledRejection'], callback),
  };
}
