import { DailiesError, toDailiesError } from '@dailies/contracts';
import type { ConsumeOptions, Consumer } from '../port.ts';
import { afterFailure, deadLetter } from '../retry.ts';
import type { Claim, Store } from './store.ts';

export interface ConsumerPorts {
  readonly store: Store;
  readonly member: string;
  now(): number;
  /** Calls back after anything was published, acknowledged or given back, here or in another process. */
  onChange(callback: () => void): () => void;
  /** Tells the other consumers and tails of this process. */
  changed(): void;
  failed(error: DailiesError): void;
}

/** A record during which the process died so often is taken for the reason. A run of power cuts is not that long. */
const MAX_CRASHES = 40;

/** Takes records while it has room, runs the handler on each, and settles each in one transaction. */
export function startConsumer(options: ConsumeOptions, ports: ConsumerPorts): Consumer {
  const { store, member, now } = ports;
  const { topic, group } = options;
  const running = new Map<number, { done: Promise<void>; abort: AbortController }>();
  let stopping: Promise<void> | null = null;
  let timer: NodeJS.Timeout | null = null;

  const settle = (claim: Claim, error: DailiesError, stopped: boolean): void => {
    if (stopped) return store.release(topic, group, claim.id, member, 'uncounted');
    const next = afterFailure(error, claim.record.attempt, options);
    if (next === 'dead-letter') {
      const letters = [deadLetter(claim.record, group, error, now()), ...(options.onDeadLetter?.(claim.record, error) ?? [])];
      store.acknowledge(topic, group, claim.id, member, letters, now());
    } else {
      store.release(topic, group, claim.id, member, { notBefore: now() + next.retryInMs });
      options.onRetry?.(claim.record, error, next.retryInMs);
    }
  };

  const handle = async (claim: Claim, abort: AbortController): Promise<void> => {
    try {
      if (!claim.intact) throw new DailiesError('MESSAGE_INVALID', 'The bytes of the record are not those that were published: the file of the bus is damaged.');
      if (claim.crashes >= MAX_CRASHES) throw new DailiesError('MESSAGE_INVALID', `The process died ${claim.crashes} times while it worked on this record; it is taken for the reason.`);
      const answers = await options.handler(claim.record, { signal: abort.signal });
      store.acknowledge(topic, group, claim.id, member, answers ?? [], now());
    } catch (thrown) {
      settle(claim, toDailiesError(thrown), abort.signal.aborted);
    }
  };

  const take = (): void => {
    try {
      while (!stopping && running.size < options.concurrency) {
        const claim = store.claim(topic, group, member, now());
        if (!claim) break;
        const abort = new AbortController();
        const done = handle(claim, abort)
          .catch((error: unknown) => ports.failed(toDailiesError(error)))
          .finally(() => {
            running.delete(claim.id);
            ports.changed();
          });
        running.set(claim.id, { done, abort });
      }
      schedule();
    } catch (error) {
      ports.failed(toDailiesError(error));
    }
  };
  /** Wakes up for the next retry; all else comes with a change. */
  const schedule = (): void => {
    if (timer) clearTimeout(timer);
    timer = null;
    const due = stopping ? null : store.nextDue(topic, group);
    if (due !== null) timer = setTimeout(take, Math.max(1, due - now()));
  };

  const unsubscribe = ports.onChange(take);
  take();

  const stop = async (drainMs: number): Promise<void> => {
    unsubscribe();
    if (timer) clearTimeout(timer);
    const all = Promise.all([...running.values()].map((work) => work.done));
    const late = Promise.withResolvers<void>();
    const drain = setTimeout(late.resolve, drainMs);
    await Promise.race([all, late.promise]);
    clearTimeout(drain);
    for (const work of running.values()) work.abort.abort();
    await all;
  };
  return {
    get inFlight() {
      return running.size;
    },
    stop: ({ drainMs }) => {
      stopping ??= stop(drainMs);
      return stopping;
    },
  };
}
