import { setTimeout as sleep } from 'node:timers/promises';
import { DailiesError, toDailiesError } from '@dailies/contracts';
import { deadLetter } from '../dead-letter.ts';
import type { ConsumeOptions, Consumer, OutgoingMessage } from '../port.ts';
import { afterFailure } from '../retry.ts';
import { isDamage } from './errors.ts';
import type { Claim, Store } from './store.ts';

export interface ConsumerPorts {
  readonly store: Store;
  /** Id of the member that takes the records. */
  readonly member: string;
  /** How long aborted handlers get to come back before their records are given to others all the same. */
  readonly abortGraceMs: number;
  /** Wait before the bus itself is asked again after it failed, for example with a full disk. */
  readonly busRetryMs: number;
  now(): number;
  /** Calls back after anything was published, acknowledged or given back, here or in another process. */
  onChange(callback: () => void): () => void;
  /** Tells the other consumers and tails of this process. */
  changed(): void;
  /** Takes errors that no caller waits for. */
  report(error: DailiesError): void;
  /** Called when the consumer has stopped or died. */
  ended(): void;
}

export interface SqliteConsumer extends Consumer {
  /** Aborts handlers whose record was taken away, as it happens to a process that was frozen. Call it after each heartbeat. */
  dropLost(): void;
}

/** Beyond its backoff no retry waits, even if the clock is set back; a small step back is not taken for that. */
const CLOCK_STEP_MS = 1000;

/** Longest wait that a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

interface Work {
  readonly claim: Claim;
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

type Outcome =
  | { readonly answers: readonly OutgoingMessage[] }
  | { readonly error: DailiesError; readonly hopeless?: boolean };

/** Takes records while it has room, runs the handler on each, and settles each in one transaction. */
export function startConsumer(options: ConsumeOptions, ports: ConsumerPorts): SqliteConsumer {
  const { store, member } = ports;
  const { topic, group } = options;
  const maxDeaths = store.rulesOf(topic).deaths ?? options.attempts + 2;
  const running = new Set<Work>();
  const ended = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  /** Aborted when nothing more may be written: stopped or dead. */
  const over = new AbortController();
  let stopping: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;

  /** Runs the handler. What it answers is checked here, so that an answer which the bus refuses is the handler's failure. */
  const attempt = async ({ record, intact, deaths }: Claim, signal: AbortSignal): Promise<Outcome> => {
    if (!intact)
      return {
        error: new DailiesError(
          'BUS_FAILED',
          'The bytes of the record are not those that were published: the file of the bus was damaged.',
        ),
        hopeless: true,
      };
    if (deaths >= maxDeaths)
      return {
        error: new DailiesError(
          'INTERNAL',
          `${deaths} processes died while they worked on this record; it is taken for the reason.`,
        ),
        hopeless: true,
      };
    try {
      const answers = (await options.handler(record, { signal })) ?? [];
      store.check(answers);
      return { answers };
    } catch (thrown) {
      return { error: toDailiesError(thrown) };
    }
  };

  /** What has to be written for an outcome; false from it means that the lease was lost. */
  const settlement = ({ lease, record, failures }: Claim, outcome: Outcome, signal: AbortSignal): (() => boolean) => {
    if ('answers' in outcome) return () => store.acknowledge(lease, outcome.answers, ports.now());
    if (signal.aborted) return () => store.giveBack(lease);
    const { error } = outcome;
    const next = outcome.hopeless ? 'dead-letter' : afterFailure(error, failures, options);
    if (next === 'dead-letter') {
      const letters = [deadLetter(record, group, error, ports.now()), ...besideDeadLetter(record, error)];
      return () => store.acknowledge(lease, letters, ports.now());
    }
    return () => {
      if (!store.postpone(lease, next.failures, ports.now() + next.retryInMs)) return false;
      told(() => options.onRetry?.(record, error, next.retryInMs));
      return true;
    };
  };

  const besideDeadLetter = (record: Claim['record'], error: DailiesError): readonly OutgoingMessage[] =>
    told(() => {
      const messages = options.onDeadLetter?.(record, error) ?? [];
      store.check(messages);
      return messages;
    }) ?? [];

  /** Calls a callback of the caller, whose errors must not keep a record from being settled. */
  const told = <T>(callback: () => T): T | undefined => {
    try {
      return callback();
    } catch (thrown) {
      ports.report(toDailiesError(thrown));
      return undefined;
    }
  };

  /** The work is done and its answers are in memory, so a bus that cannot write now (disk full) is asked until it can. */
  const persist = async (write: () => boolean): Promise<void> => {
    while (!over.signal.aborted) {
      try {
        if (!write())
          ports.report(
            new DailiesError(
              'BUS_FAILED',
              `A record of ${topic} was taken over by another member of ${group} while this process did not answer; what this one did is dropped.`,
            ),
          );
        return;
      } catch (thrown) {
        failed(toDailiesError(thrown));
        await sleep(ports.busRetryMs, undefined, { signal: over.signal }).catch(() => {});
      }
    }
  };

  const handle = async (claim: Claim, signal: AbortSignal): Promise<void> => {
    const outcome = await attempt(claim, signal);
    await persist(settlement(claim, outcome, signal));
  };

  const start = (claim: Claim): void => {
    const abort = new AbortController();
    const done = handle(claim, abort.signal).finally(() => {
      running.delete(work);
      ports.changed();
    });
    const work: Work = { claim, abort, done };
    running.add(work);
  };

  const take = (): void => {
    if (stopping || over.signal.aborted) return;
    // One look at the clock: a retry is either due now or waited for.
    const now = ports.now();
    const latest = now + options.backoff.maxMs + CLOCK_STEP_MS;
    try {
      while (running.size < options.concurrency) {
        const claim = store.claim(topic, group, member, now, latest);
        if (!claim) break;
        start(claim);
      }
      // With room left, the next thing may be a retry; all else comes with a change.
      const due = running.size < options.concurrency ? store.nextDue(topic, group, now, latest) : null;
      wakeIn(due === null ? null : due - now);
    } catch (thrown) {
      failed(toDailiesError(thrown));
      wakeIn(ports.busRetryMs);
    }
  };
  const wakeIn = (ms: number | null): void => {
    clearTimeout(timer);
    timer = ms === null || over.signal.aborted ? undefined : setTimeout(take, Math.min(Math.max(1, ms), MAX_TIMER_MS));
  };

  /** The bus failed. Mostly that passes; a damaged file does not. */
  const failed = (error: DailiesError): void => {
    ports.report(error);
    if (!isDamage(error)) return;
    finish();
    for (const work of running) work.abort.abort();
    ended.reject(error);
  };
  const finish = (): void => {
    unsubscribe();
    clearTimeout(timer);
    over.abort();
    queueMicrotask(ports.ended);
  };

  const drain = async (): Promise<void> => {
    unsubscribe();
    clearTimeout(timer);
    const all = Promise.all([...running].map((work) => work.done));
    await Promise.race([all, aborted.promise]);
    await Promise.race([all, sleep(ports.abortGraceMs, undefined, { signal: over.signal }).catch(() => {})]);
    finish();
    for (const { claim } of running) told(() => store.giveBack(claim.lease));
    ended.resolve();
  };

  const abortAll = (): void => {
    for (const work of running) work.abort.abort();
    aborted.resolve();
  };

  const unsubscribe = ports.onChange(take);
  take();

  return {
    get inFlight() {
      return running.size;
    },
    done: ended.promise,
    dropLost() {
      for (const { claim, abort } of running) if (!abort.signal.aborted && !store.holds(claim.lease)) abort.abort();
    },
    async stop({ drainMs }) {
      stopping ??= drain();
      const timeout = setTimeout(abortAll, drainMs);
      await stopping;
      clearTimeout(timeout);
    },
  };
}
