import { setTimeout as sleep } from 'node:timers/promises';
import { DailiesError, toDailiesError } from '@dailies/contracts';
import { deadLetter } from '../dead-letter.ts';
import type { BusRecord, ConsumeOptions, Consumer, OutgoingMessage } from '../port.ts';
import { afterFailure } from '../retry.ts';
import type { BusLog } from '../settings.ts';
import { createAcknowledger } from './acknowledge.ts';
import { attempt, type Outcome } from './attempt.ts';
import type { Lease } from './lease.ts';
import type { Membership, MembershipPorts } from './membership.ts';
import { attemptOf, FRESH, type Progress } from './progress.ts';
import type { Publisher } from './publisher.ts';
import { decodeRecord, type RawMessage } from './records.ts';
import { createStallJudge, type StallWatch } from './stall.ts';
import type { KafkaTuning } from './tuning.ts';
import { within } from './within.ts';

export interface ConsumerPorts {
  readonly publisher: Publisher;
  readonly tuning: KafkaTuning;
  readonly brokers: string;
  /** After so many deaths of those that worked on it, a record is given up. */
  readonly maxDeaths: number;
  join(callbacks: Pick<MembershipPorts, 'onReady' | 'onEnd'>): Promise<Membership>;
  /** How many records of these partitions the group has not done. */
  waiting: StallWatch['waiting'];
  readonly log: BusLog | undefined;
  /** Takes errors that no caller waits for. */
  report(error: DailiesError): void;
  /** Called when the consumer has stopped or died. */
  ended(): void;
}

export interface KafkaConsumer extends Consumer {
  /** Partitions whose record is in hand. */
  busy(): number[];
}

const GIVE_BACK_MS = 2000;
const STALL_CHECK_MS = 30_000;

/** Works on the records of its partitions: one at a time of each, as many at once as `concurrency` says, oldest first. */
export async function startConsumer(options: ConsumeOptions, ports: ConsumerPorts): Promise<KafkaConsumer> {
  const { publisher, tuning, brokers } = ports;
  const { topic, group } = options;
  /** Records that are handled, published or acknowledged. */
  const running = new Set<Lease>();
  /** How many of them are handled: what a handler answered goes out while the next one works. */
  let handling = 0;
  const ended = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  /** Aborted when nothing more may be written: stopped or dead. */
  const over = new AbortController();
  let stopping: Promise<void> | null = null;
  let membership: Membership | null = null;
  let moved = 0;

  const joinedMembership = (): Membership => {
    if (!membership) throw new DailiesError('INTERNAL', 'A record came before its consumer had joined.');
    return membership;
  };
  const { finish, note } = createAcknowledger({
    topic,
    brokers,
    publisher,
    membership: joinedMembership,
    alive: () => !over.signal.aborted,
    onRefusal: (error) => die(error),
    report: ports.report,
    hopelessMs: tuning.hopelessMs,
    now: () => performance.now(),
  });

  /** Calls a callback of the caller, whose errors must not keep a record from being settled. */
  const told = <T>(callback: () => T): T | undefined => {
    try {
      return callback();
    } catch (thrown) {
      ports.report(toDailiesError(thrown));
      return undefined;
    }
  };

  const besideDeadLetter = (record: BusRecord, error: DailiesError): readonly OutgoingMessage[] =>
    told(() => {
      const messages = options.onDeadLetter?.(record, error) ?? [];
      publisher.check(messages);
      return messages;
    }) ?? [];

  const postpone = (lease: Lease, message: RawMessage, progress: Progress, delayMs: number): void => {
    const retry = setTimeout(() => {
      lease.retry = null;
      pump();
    }, delayMs);
    lease.progress = progress;
    lease.retry = retry;
    void note(lease, message, progress, () => lease.retry === retry);
    // Nothing of a partition that waits is kept in memory: many of them would leave no room for others.
    joinedMembership().rewind(lease, BigInt(message.offset));
  };

  const settle = async (
    lease: Lease,
    message: RawMessage,
    record: BusRecord,
    progress: Progress,
    outcome: Outcome,
    signal: AbortSignal,
  ): Promise<void> => {
    if ('answers' in outcome) {
      if (await finish(lease, message, progress, outcome.answers)) lease.progress = FRESH;
      return;
    }
    // Given back: as if it had never been taken.
    if (signal.aborted) return giveBack(lease, message, progress);
    const { error } = outcome;
    const next = outcome.hopeless ? 'dead-letter' : afterFailure(error, progress, options);
    if (next === 'dead-letter') {
      const letters = [deadLetter(record, group, error, Date.now()), ...besideDeadLetter(record, error)];
      if (await finish(lease, message, progress, letters)) lease.progress = FRESH;
      return;
    }
    if (lease.lost || over.signal.aborted || stopping)
      return giveBack(lease, message, { ...progress, ...next.failures });
    postpone(lease, message, { ...progress, ...next.failures }, next.retryInMs);
    told(() => options.onRetry?.(record, error, next.retryInMs));
  };

  const giveBack = async (lease: Lease, message: RawMessage, progress: Progress): Promise<void> => {
    const since = performance.now();
    await note(lease, message, { ...progress, started: false }, () => performance.now() - since < GIVE_BACK_MS);
  };

  const handle = async (lease: Lease, message: RawMessage, progress: Progress, signal: AbortSignal): Promise<void> => {
    const decoded = decodeRecord(topic, lease.partition, message, attemptOf(progress));
    let inHand = true;
    // Not waited for: a process that dies within a few ms of beginning is not counted, and all others begin at once.
    void note(lease, message, { ...progress, started: true }, () => inHand);
    const { maxDeaths } = ports;
    handling++;
    const outcome = await attempt(decoded, progress, {
      handler: options.handler,
      check: publisher.check,
      maxDeaths,
      signal,
    });
    handling--;
    inHand = false;
    if (lease.lost) {
      ports.log?.info(
        { topic, group, partition: lease.partition, offset: message.offset },
        'the record was given to another member; what was done here is dropped',
      );
      return;
    }
    const settled = settle(lease, message, decoded.record, progress, outcome, signal);
    try {
      pump();
    } finally {
      await settled;
    }
  };

  const start = (lease: Lease, progress: Progress): void => {
    const abort = new AbortController();
    const message = lease.take();
    running.add(lease);
    moved++;
    const done = handle(lease, message, progress, abort.signal)
      .catch((thrown: unknown) => ports.report(toDailiesError(thrown)))
      .finally(() => {
        running.delete(lease);
        lease.work = null;
        moved++;
        pump();
      });
    lease.work = { message, abort, done };
  };

  /** Begins what may be begun. */
  const pump = (): void => {
    if (!membership || over.signal.aborted) return;
    // What goes out is in memory, so that is bounded too.
    while (!stopping && handling < options.concurrency && running.size < 2 * options.concurrency) {
      const lease = oldest(membership.leases.values());
      if (!lease?.progress) break;
      start(lease, lease.progress);
    }
    membership.steer(stopping !== null);
  };

  const finishAll = (): void => {
    over.abort();
    clearInterval(stallTimer);
    for (const { retry } of leasesNow()) if (retry) clearTimeout(retry);
    queueMicrotask(ports.ended);
  };

  const die = (error: DailiesError): void => {
    if (over.signal.aborted) return;
    finishAll();
    for (const { work } of running) work?.abort.abort();
    ended.reject(error);
    void membership?.leave();
  };

  const drain = async (): Promise<void> => {
    membership?.steer(true);
    const all = Promise.all([...running].map(({ work }) => work?.done));
    await Promise.race([all, aborted.promise]);
    await Promise.race([all, sleep(tuning.abortGraceMs, undefined, { signal: over.signal }).catch(() => {})]);
    const died = over.signal.aborted;
    finishAll();
    const left = [...running].flatMap((lease) =>
      lease.work && lease.progress ? [giveBack(lease, lease.work.message, lease.progress)] : [],
    );
    await within(GIVE_BACK_MS, Promise.all(left));
    if (!died) await membership?.leave();
    ended.resolve();
  };

  const judgeStall = createStallJudge({
    stallMs: tuning.stallMs,
    now: () => performance.now(),
    waiting: ports.waiting,
    activity: () => ({
      busy: stopping !== null || running.size > 0 || [...leasesNow()].some(({ retry }) => retry !== null),
      moved,
      partitions: membership?.joined ? [...leasesNow()].map(({ partition }) => partition) : null,
    }),
    onStall: (waiting) =>
      die(
        new DailiesError(
          'BUS_FAILED',
          `Nothing of ${topic} has come to ${group} for ${Math.round(tuning.stallMs / 1000)} s although ${waiting} records wait. The process has to be started again.`,
        ),
      ),
  });
  const leasesNow = (): Iterable<Lease> => membership?.leases.values() ?? [];
  const stallTimer = setInterval(() => void judgeStall(), Math.min(STALL_CHECK_MS, tuning.stallMs / 5));
  stallTimer.unref();

  try {
    membership = await ports.join({ onReady: () => pump(), onEnd: die });
  } catch (error) {
    clearInterval(stallTimer);
    throw error;
  }
  pump();

  return {
    get inFlight() {
      return running.size;
    },
    done: ended.promise,
    busy: () => [...running].filter(({ lost }) => !lost).map(({ partition }) => partition),
    async stop({ drainMs }) {
      stopping ??= drain();
      const timeout = setTimeout(() => {
        for (const { work } of running) work?.abort.abort();
        aborted.resolve();
      }, drainMs);
      await stopping;
      clearTimeout(timeout);
    },
  };
}

/** The partition whose next record was published first, of those that may be worked on. */
function oldest(leases: Iterable<Lease>): Lease | undefined {
  let found: { lease: Lease; since: number } | undefined;
  for (const lease of leases) {
    const since = lease.readySince;
    if (since !== null && (!found || since < found.since)) found = { lease, since };
  }
  return found?.lease;
}
