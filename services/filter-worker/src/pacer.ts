import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer } from '@dailies/bus';
import { type Pace, toDailiesError } from '@dailies/contracts';
import type { Logger } from '@dailies/service';

export interface PacerOptions {
  /** Begins to take batches at a pace that is not `pause`. */
  consume(pace: Pace): Promise<Consumer>;
  /** Told when a pace holds. */
  onPace(pace: Pace): void;
  /** How long batches in hand may take when the pace changes. */
  readonly drainMs: number;
  readonly log: Pick<Logger, 'error'>;
  /** Wait before another try when the bus fails. */
  readonly retryMs?: number;
}

export interface Pacer {
  start(pace: Pace): Promise<void>;
  /** Asks for a pace; what is in hand is finished first. */
  set(pace: Pace): void;
  stop(options: { readonly drainMs: number }): Promise<void>;
}

const RETRY_MS = 5000;

/**
 * Changes how many batches a worker takes. The consumer is stopped and a new one started: what is in hand is finished,
 * what is not goes to other workers, and nothing is held back by somebody who does not work on it.
 */
export function createPacer({ consume, onPace, drainMs, log, retryMs = RETRY_MS }: PacerOptions): Pacer {
  const stopping = new AbortController();
  let consumer: Consumer | null = null;
  let current: Pace | null = null;
  let wanted: Pace = 'full';
  let changing: Promise<void> = Promise.resolve();
  let isChanging = false;

  const change = async (): Promise<void> => {
    isChanging = true;
    try {
      while (current !== wanted && !stopping.signal.aborted) await step(wanted);
    } finally {
      // In the same turn as the last look at what is wanted: a wish that came in between would be lost.
      isChanging = false;
    }
  };
  const step = async (pace: Pace): Promise<void> => {
    await consumer?.stop({ drainMs });
    consumer = null;
    current = null;
    // Stopped, or asked for something else meanwhile.
    if (stopping.signal.aborted || pace !== wanted) return;
    try {
      consumer = pace === 'pause' ? null : await consume(pace);
    } catch (thrown) {
      log.error({ err: toDailiesError(thrown) }, 'no batches can be taken; it is tried again');
      await sleep(retryMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      return;
    }
    current = pace;
    onPace(pace);
  };

  return {
    async start(pace) {
      wanted = pace;
      consumer = pace === 'pause' ? null : await consume(pace);
      current = pace;
      onPace(pace);
    },
    set(pace) {
      wanted = pace;
      if (!isChanging) changing = change();
    },
    async stop(options) {
      stopping.abort();
      // The shorter time wins over that of a change that is under way.
      await consumer?.stop(options);
      await changing;
      // A change that was just beginning has begun: what it made ends, too.
      await consumer?.stop(options);
      consumer = null;
    },
  };
}
