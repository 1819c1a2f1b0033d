import { setTimeout as sleep } from 'node:timers/promises';
import { DailiesError } from '@dailies/contracts';
import type { Batch, EachBatchPayload, TopicOffsets } from 'kafkajs';
import type { BusLog } from '../settings.ts';
import { stickyAssigner } from './assigner.ts';
import type { Connection } from './connection.ts';
import { isRefusal, kafkaError } from './errors.ts';
import { type Committed, cutOff, deleted } from './lag.ts';
import { Lease } from './lease.ts';
import { moment, sinceMs } from './moment.ts';
import { decodeProgress, encodeProgress, FRESH, type Progress, takenOver } from './progress.ts';
import type { KafkaTuning } from './tuning.ts';
import { within } from './within.ts';

export interface MembershipPorts {
  /** Of this consumer alone. */
  readonly connection: Connection;
  readonly tuning: KafkaTuning;
  /** By partition. */
  readCommitted(): Promise<ReadonlyMap<number, Committed>>;
  /** Records have come, or may be begun now. */
  onReady(): void;
  /** The consumer cannot go on. */
  onEnd(error: DailiesError): void;
  report(error: DailiesError): void;
  readonly log: BusLog | undefined;
}

/** One member of a consumer group: gets partitions, fetches their records, commits what is done. */
export interface Membership {
  /** The partitions that are ours now. */
  readonly leases: ReadonlyMap<number, Lease>;
  /** Whether the group has us. */
  readonly joined: boolean;
  /**
   * Whether the group may have given us up without our knowing: it was not heard of for long, or this process was frozen
   * and no commit has succeeded since. (An answer to a heartbeat from before says nothing: it waits in the socket.)
   */
  readonly doubtful: boolean;
  /**
   * Tells the broker that `offset` is the first record that is not done, and what is known of it.
   * @returns false when the partition is no longer ours
   * @throws what kafkajs throws, as in the middle of a rebalance
   */
  commit(lease: Lease, offset: bigint, progress: Progress): Promise<boolean>;
  /** Fetches again from this offset. */
  rewind(lease: Lease, offset: bigint): void;
  /** Fetches from those partitions that have room for records, and from no others; none at all once `draining`. */
  steer(draining: boolean): void;
  /** Resolves after the next rebalance, or when that does not come for `ms`. */
  rebalanced(ms: number): Promise<void>;
  /** Leaves the group, so that others have the partitions at once. */
  leave(): Promise<void>;
}

/** Within one run kafkajs tries for ever, and waits for so long at most between tries. */
const RETRY = { initialRetryTime: 100, maxRetryTime: 2000, retries: Number.MAX_SAFE_INTEGER };
const AGAIN_MS = 500;
/** A broker that does not answer must not hold up a stop. */
const LEAVE_MS = 5000;

/** @throws DailiesError BUS_FAILED when the broker cannot be reached or refuses */
export async function startMembership(
  { topic, group, slots }: { readonly topic: string; readonly group: string; readonly slots: number },
  ports: MembershipPorts,
): Promise<Membership> {
  const { connection, tuning, log } = ports;
  const leases = new Map<number, Lease>();
  let memberId: string | null = null;
  let heard = moment();
  /** When the process was last seen to run, how often it was seen to have been frozen, and up to where commits settled that. */
  let ticked = moment();
  let frozen = 0;
  let settled = 0;
  let left = false;
  let via: Pick<EachBatchPayload, 'commitOffsetsIfNecessary' | 'heartbeat'> | null = null;
  let joined = Promise.withResolvers<void>();

  const consumer = connection.client().consumer({
    groupId: group,
    partitionAssigners: [
      stickyAssigner(() => ({
        owned: [...leases.keys()],
        busy: [...leases.values()].filter(({ work }) => work).map(({ partition }) => partition),
        slots,
      })),
    ],
    sessionTimeout: tuning.sessionTimeoutMs,
    heartbeatInterval: tuning.heartbeatMs,
    rebalanceTimeout: tuning.rebalanceTimeoutMs,
    maxWaitTimeInMs: tuning.fetchWaitMs,
    minBytes: 1,
    maxBytes: tuning.fetchBytes,
    maxBytesPerPartition: tuning.partitionBytes,
    allowAutoTopicCreation: false,
    // We use no transactions, so there is nothing that is not committed.
    readUncommitted: true,
    // What kafkajs holds to be worth another try is not all that is; we begin again ourselves.
    retry: { ...RETRY, restartOnFailure: async () => false },
  });

  const doubtMs = tuning.sessionTimeoutMs / 2;
  const hear = (): void => {
    heard = moment();
  };

  const lose = (lease: Lease): void => {
    leases.delete(lease.partition);
    lease.lose();
  };

  const seek = (lease: Lease): void => {
    if (lease.next !== null) consumer.seek({ topic, partition: lease.partition, offset: String(lease.next) });
  };

  /** What the former owners of these partitions left; nothing of them is begun before that is known. */
  const readProgress = async (fresh: readonly Lease[]): Promise<void> => {
    while (!left && fresh.some(({ lost }) => !lost)) {
      try {
        const committed = await ports.readCommitted();
        for (const lease of fresh) {
          if (lease.lost) continue;
          const found = committed.get(lease.partition);
          if (!found) throw new DailiesError('BUS_FAILED', `Partition ${lease.partition} of ${topic} is not known.`);
          const { offset, metadata, lost } = found;
          if (lost) ports.report(lost);
          lease.progress = takenOver(decodeProgress(metadata));
          if (lease.first === offset) continue;
          // The answer to a fetch from before a rebalance may have come in between.
          const fetched = lease.first !== null;
          lease.rewind(offset);
          if (fetched) seek(lease);
        }
        ports.onReady();
        return;
      } catch (thrown) {
        ports.report(kafkaError(thrown, connection.brokers, `reading how far ${group} is in ${topic}`));
        await sleep(AGAIN_MS);
      }
    }
  };

  const onJoin = (payload: {
    memberId: string;
    memberAssignment: Record<string, number[]>;
    duration: number;
  }): void => {
    hear();
    // A new id means that the group had given us up: others may have had our partitions in between.
    if (memberId !== payload.memberId) for (const lease of [...leases.values()]) lose(lease);
    memberId = payload.memberId;
    const assigned = new Set(payload.memberAssignment[topic] ?? []);
    const lost = [...leases.values()].filter(({ partition }) => !assigned.has(partition));
    for (const lease of lost) lose(lease);
    // kafkajs goes back to the committed offsets after each rebalance; what we have of kept partitions is still good.
    for (const lease of leases.values()) seek(lease);
    const fresh = [...assigned].filter((partition) => !leases.has(partition)).map((partition) => new Lease(partition));
    for (const lease of fresh) leases.set(lease.partition, lease);
    log?.debug(
      { topic, group, partitions: assigned.size, fresh: fresh.length, lost: lost.length, ms: payload.duration },
      'kafka: joined the group',
    );
    if (fresh.length > 0) void readProgress(fresh);
    joined.resolve();
    joined = Promise.withResolvers();
    ports.onReady();
  };

  const onBatch = (batch: Batch): void => {
    const lease = leases.get(batch.partition);
    if (!lease || left) return;
    // Where the fetch began; kafkajs knows it, its types do not.
    const { fetchedOffset } = batch as Batch & { readonly fetchedOffset: string };
    const from = BigInt(fetchedOffset);
    const end = BigInt(batch.highWatermark);
    const next = lease.next ?? from;
    const fit = lease.add(from, batch.messages, end);
    if (fit === 'fits') {
      lease.misfits = 0;
    } else if (lease.misfits === 0) {
      // Mostly an answer to a fetch from before a rebalance.
      lease.misfits++;
      seek(lease);
    } else {
      const { partition } = lease;
      ports.report(
        fit === 'gap' ? deleted(topic, group, partition, next, from) : cutOff(topic, group, partition, next, end),
      );
      lease.rewind(from);
      lease.progress = FRESH;
      lease.misfits = 0;
      lease.add(from, batch.messages, end);
    }
    ports.onReady();
  };

  consumer.on(consumer.events.HEARTBEAT, hear);
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => onJoin(payload));
  // From here to the crash that follows there is nothing that could be paused.
  consumer.on(consumer.events.STOP, () => {
    memberId = null;
  });
  consumer.on(consumer.events.CRASH, ({ payload: { error } }) => {
    for (const lease of [...leases.values()]) lose(lease);
    memberId = null;
    if (left) return;
    const failure = kafkaError(error, connection.brokers, `consuming ${topic} as ${group}`);
    if (isRefusal(error)) return ports.onEnd(failure);
    log?.warn({ topic, group, reason: failure.message }, 'kafka: the consumer begins again');
    void again();
  });

  const run = (): Promise<void> =>
    consumer.run({
      autoCommit: false,
      async eachBatch(payload) {
        via = payload;
        onBatch(payload.batch);
      },
    });

  /** Joins the group anew, when a broker answers. */
  const again = async (): Promise<void> => {
    while (!left) {
      await sleep(AGAIN_MS);
      try {
        await consumer.connect();
      } catch (thrown) {
        ports.report(kafkaError(thrown, connection.brokers, `joining the group ${group} of ${topic}`));
        continue;
      }
      if (!left) running = run();
      return;
    }
  };

  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
  } catch (thrown) {
    await consumer.disconnect().catch(() => {});
    throw kafkaError(thrown, connection.brokers, `joining the group ${group} of ${topic}`);
  }
  let running = run();
  // kafkajs beats between fetches; one that brings 10 MiB over a slow line would take longer than the session lasts.
  const beat = setInterval(() => {
    if (sinceMs(ticked) > doubtMs) frozen++;
    ticked = moment();
    via?.heartbeat().catch(() => {});
  }, tuning.heartbeatMs);

  return {
    leases,
    get joined() {
      return memberId !== null;
    },
    get doubtful() {
      return sinceMs(heard) > doubtMs || sinceMs(ticked) > doubtMs || frozen !== settled;
    },
    async commit(lease, offset, progress) {
      if (lease.lost || !via) return false;
      // One connection carries all commits in the order in which they are asked for, so none need wait for another.
      const partitions = [{ partition: lease.partition, offset: String(offset), metadata: encodeProgress(progress) }];
      const topics: TopicOffsets[] = [{ topic, partitions }];
      const before = frozen;
      await via.commitOffsetsIfNecessary({ topics });
      settled = before;
      hear();
      return true;
    },
    rewind(lease, offset) {
      lease.rewind(offset);
      seek(lease);
    },
    steer(draining) {
      if (left || memberId === null) return;
      const all = [...leases.values()];
      const full = all.reduce((sum, { bytes }) => sum + bytes, 0) >= tuning.readyBytes;
      const closed = ({ retry, bytes }: Lease): boolean =>
        draining || full || retry !== null || bytes >= tuning.partitionBytes;
      const paused = new Set(consumer.paused().flatMap(({ partitions }) => partitions));
      const pause = all.filter((lease) => closed(lease) && !paused.has(lease.partition));
      const resume = all.filter((lease) => !closed(lease) && paused.has(lease.partition));
      if (pause.length > 0) consumer.pause([{ topic, partitions: pause.map(({ partition }) => partition) }]);
      if (resume.length > 0) consumer.resume([{ topic, partitions: resume.map(({ partition }) => partition) }]);
    },
    async rebalanced(ms) {
      await Promise.race([joined.promise, sleep(ms, undefined, { ref: false })]);
    },
    async leave() {
      left = true;
      clearInterval(beat);
      // Before its first join is through, kafkajs cannot be stopped: it would begin to consume afterwards.
      const leaving = running.catch(() => {}).then(() => consumer.disconnect());
      await within(LEAVE_MS, leaving);
      for (const lease of [...leases.values()]) lose(lease);
      connection.destroy();
    },
  };
}
