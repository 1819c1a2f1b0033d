import { setTimeout as sleep } from 'node:timers/promises';
import { DailiesError, toDailiesError } from '@dailies/contracts';
import type { FetchedPartition } from 'kafkajs/src/cluster/index.js';
import type { BusRecord, Tail, TailOptions } from '../port.ts';
import { clusterOf } from './cluster.ts';
import type { Connection } from './connection.ts';
import { isUnreachable, kafkaError, protocolError } from './errors.ts';
import { decodeRecord } from './records.ts';
import { within } from './within.ts';

export interface TailPorts {
  /** Of this tail alone: a fetch that waits for records holds up all others of its connection. */
  readonly connection: Connection;
  report(error: DailiesError): void;
  /** The tails that are open; this one is among them until it is closed. */
  readonly open: Set<Tail>;
}

/** How long a broker holds back its answer when there is nothing; a record ends that at once, and so does `close`. */
const FETCH_WAIT_MS = 5000;
/** With several brokers: the next fetch waits for the answers of all of them, also when one has brought records. */
const SHARED_WAIT_MS = 250;
const PARTITION_BYTES = 1024 * 1024;
const FETCH_BYTES = 10 * 1024 * 1024;
const READ_UNCOMMITTED = 0;
/** How long a broker that went away in the middle is waited for, before the tail has caught up. */
const PATIENCE_MS = 30_000;
const AGAIN_MS = 300;
const CLOSE_MS = 1000;

/**
 * Reads a topic from its beginning; see `Bus.tail`. It fetches by itself, below the public interface of kafkajs: that has
 * readers in groups alone, which take seconds to form and stay behind on the broker.
 */
export async function startTail(
  topic: string,
  onRecord: (record: BusRecord) => void,
  options: TailOptions,
  { connection, report, open }: TailPorts,
): Promise<Tail> {
  const cluster = clusterOf(connection);
  /** By partition: the offset of the next record. */
  const places = new Map<number, bigint>();
  let closed = false;
  let following: Promise<void> = Promise.resolve();

  const offsets = async (partitions: readonly number[], fromBeginning: boolean): Promise<Map<number, bigint>> => {
    const asked = partitions.map((partition) => ({ partition }));
    const [found] = await cluster.fetchTopicsOffset([{ topic, partitions: asked, fromBeginning }]);
    return new Map(found?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]));
  };

  const deliver = (partition: FetchedPartition, guard: (work: () => void) => void): void => {
    for (const message of partition.messages) {
      const offset = BigInt(message.offset);
      const place = places.get(partition.partition) ?? 0n;
      if (closed || offset < place) continue;
      places.set(partition.partition, offset + 1n);
      if (message.isControlRecord) continue;
      const { record, damage } = decodeRecord(topic, partition.partition, message, 1);
      if (damage === null) guard(() => onRecord(record));
      else
        report(
          new DailiesError(
            'BUS_FAILED',
            `Record ${message.offset} of ${topic}, partition ${partition.partition}, was left out. ${damage}`,
          ),
        );
    }
  };

  /** One fetch from each broker; the records of a broker are delivered as they come. */
  const fetchOnce = async (guard: (work: () => void) => void, partitions: number[]): Promise<void> => {
    await cluster.refreshMetadataIfNecessary();
    const leaders = Object.entries(cluster.findLeaderForPartitions(topic, partitions));
    await Promise.all(
      leaders.map(async ([nodeId, led]) => {
        const broker = await cluster.findBroker({ nodeId });
        const wanted = led.map((partition) => ({
          partition,
          fetchOffset: String(places.get(partition) ?? 0n),
          maxBytes: PARTITION_BYTES,
        }));
        const { responses } = await broker.fetch({
          isolationLevel: READ_UNCOMMITTED,
          maxWaitTime: leaders.length > 1 ? SHARED_WAIT_MS : FETCH_WAIT_MS,
          minBytes: 1,
          maxBytes: FETCH_BYTES,
          topics: [{ topic, partitions: wanted }],
        });
        for (const response of responses) for (const partition of response.partitions) deliver(partition, guard);
      }),
    );
  };

  /** Mends what can be mended before the next try. @throws the error when there is no use in trying again */
  const recover = async (thrown: unknown): Promise<void> => {
    if (protocolError(thrown) === 'OFFSET_OUT_OF_RANGE') {
      const partitions = [...places.keys()];
      const [first, end] = [await offsets(partitions, true), await offsets(partitions, false)];
      for (const [partition, place] of places) {
        const [from, to] = [first.get(partition) ?? 0n, end.get(partition) ?? place];
        // Either its retention was over before we came there, or the broker lost what it took last (or the topic was made
        // anew): then its offsets are those of other records now.
        if (place < from || place > to) places.set(partition, from);
      }
      return;
    }
    const retriable = thrown instanceof Error && 'retriable' in thrown && thrown.retriable === true;
    if (!retriable && !isUnreachable(thrown)) throw thrown;
    await sleep(AGAIN_MS);
    await cluster.refreshMetadata().catch(() => cluster.connect());
  };

  /** Runs one step until it works; a broker that is away or electing is waited for. */
  const patiently = async (step: () => Promise<void>): Promise<void> => {
    const since = performance.now();
    while (!closed) {
      try {
        return await step();
      } catch (thrown) {
        if (performance.now() - since > PATIENCE_MS) throw thrown;
        await recover(thrown);
      }
    }
  };

  const toEnd = async (): Promise<void> => {
    const ends = new Map<number, bigint>();
    await patiently(async () => {
      await cluster.connect();
      await cluster.addTargetTopic(topic);
      const partitions = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
      for (const [partition, offset] of await offsets(partitions, false)) ends.set(partition, offset);
      for (const [partition, offset] of await offsets(partitions, true)) places.set(partition, offset);
    });
    const behind = (): number[] =>
      [...ends].filter(([partition, end]) => (places.get(partition) ?? 0n) < end).map(([partition]) => partition);
    // What the reader throws is the caller's, not a fault of the broker.
    const refused: unknown[] = [];
    const guard = (work: () => void): void => {
      if (refused.length > 0) return;
      try {
        work();
      } catch (thrown) {
        refused.push(thrown);
      }
    };
    for (let left = behind(); left.length > 0 && !closed && refused.length === 0; left = behind())
      await patiently(() => fetchOnce(guard, left));
    if (refused.length > 0) throw refused[0];
  };

  const follow = async (): Promise<void> => {
    const reported = (work: () => void): void => {
      try {
        work();
      } catch (thrown) {
        report(toDailiesError(thrown));
      }
    };
    while (!closed) {
      try {
        await fetchOnce(reported, [...places.keys()]);
      } catch (thrown) {
        if (closed) return;
        if (protocolError(thrown) !== 'OFFSET_OUT_OF_RANGE')
          report(kafkaError(thrown, connection.brokers, `reading ${topic}`));
        await recover(thrown).catch(() => sleep(AGAIN_MS));
      }
    }
  };

  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    options.signal?.removeEventListener('abort', onAbort);
    open.delete(tail);
    // A fetch that waits is cut off; nothing of it is wanted.
    connection.destroy();
    await cluster.disconnect().catch(() => {});
    // In the middle of its tries (a topic that was made anew), kafkajs does not see that; nothing of it is waited for.
    await within(CLOSE_MS, following);
  };
  const onAbort = (): void => void close();
  const tail: Tail = { close };

  options.signal?.throwIfAborted();
  open.add(tail);
  options.signal?.addEventListener('abort', onAbort);
  try {
    await toEnd();
  } catch (thrown) {
    await close();
    throw isKafkas(thrown) ? kafkaError(thrown, connection.brokers, `reading ${topic}`) : thrown;
  }
  if (options.follow && !closed) following = follow();
  else if (!closed) connection.destroy();
  return tail;
}

const isKafkas = (thrown: unknown): boolean => thrown instanceof Error && thrown.name.startsWith('KafkaJS');
