import { DailiesError } from '@dailies/contracts';
import type { Admin } from 'kafkajs';
import type { Lag } from '../port.ts';
import { decodeProgress } from './progress.ts';

/** What the broker keeps for a group and a partition. */
export interface Committed {
  /** Offset of the first record that is not done. Of a group that has committed nothing: the first that is there. */
  readonly offset: bigint;
  readonly metadata: string | null;
  /** What was lost between what the group had done and `offset`; null when nothing was. */
  readonly lost: DailiesError | null;
}

/** How far a group is in a topic, by partition. */
export async function readCommitted(admin: Admin, group: string, topic: string): Promise<Map<number, Committed>> {
  return new Map((await places(admin, group, topic)).map(({ partition, ...committed }) => [partition, committed]));
}

/** Records from `first` on, up to `next`, are gone without having been worked on. */
export const deleted = (topic: string, group: string, partition: number, first: bigint, next: bigint): DailiesError =>
  new DailiesError(
    'BUS_FAILED',
    `Records ${first} to ${next - 1n} of ${topic}, partition ${partition}, were deleted before ${group} had them: no service was up for longer than the topic's retention.ms.`,
  );

/** The log ends at `end`, though the group was at `at` already. */
export const cutOff = (topic: string, group: string, partition: number, at: bigint, end: bigint): DailiesError =>
  new DailiesError(
    'BUS_FAILED',
    `${topic}, partition ${partition}, ends at record ${end}, but ${group} was at ${at} already: the broker lost what it took last (a power cut with one replica?), or the topic was made anew. What is there is worked on again; a recording that stands still can be sent again by \`dailies replay --force\`.`,
  );

/** The same, with where each partition ends. */
async function places(
  admin: Admin,
  group: string,
  topic: string,
): Promise<(Committed & { readonly partition: number; readonly end: bigint })[]> {
  // In this order, for what is done is deleted: a place that was read before where the log begins may be gone by then.
  const before = await admin.fetchTopicOffsets(topic);
  const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  const committed = new Map(found?.partitions.map((one) => [one.partition, one]));
  const isAhead = before.some(({ partition, high }) => BigInt(committed.get(partition)?.offset ?? -1) > BigInt(high));
  // The other way round a group may have gone on meanwhile.
  const after = isAhead ? await admin.fetchTopicOffsets(topic) : before;
  const ends = after.map((end, i) => ({ ...end, low: before[i]?.low ?? end.low }));
  return ends.map((place) => {
    const { partition } = place;
    const { offset, metadata = null } = committed.get(partition) ?? {};
    const [low, end, at] = [BigInt(place.low), BigInt(place.high), BigInt(offset ?? -1)];
    // Negative: nothing was committed.
    if (at < 0n) return { partition, offset: low, metadata: null, end, lost: null };
    // What was committed for records that are gone says nothing of those that are there.
    if (at < low)
      return { partition, offset: low, metadata: null, end, lost: deleted(topic, group, partition, at, low) };
    if (at > end)
      return { partition, offset: low, metadata: null, end, lost: cutOff(topic, group, partition, at, end) };
    return { partition, offset: at, metadata, end, lost: null };
  });
}

/** Records of a topic that the group has not done, by partition; those without are left out. */
async function undone(
  admin: Admin,
  topic: string,
  group: string,
): Promise<{ partition: number; count: number; metadata: string | null }[]> {
  return (await places(admin, group, topic))
    .map(({ partition, offset, end, metadata }) => ({ partition, count: Math.max(0, Number(end - offset)), metadata }))
    .filter(({ count }) => count > 0);
}

/** How many records wait in these partitions; in all when it is null. */
export async function waitingIn(
  admin: Admin,
  topic: string,
  group: string,
  partitions: readonly number[] | null,
): Promise<number> {
  const found = await undone(admin, topic, group);
  return found
    .filter(({ partition }) => partitions === null || partitions.includes(partition))
    .reduce((sum, { count }) => sum + count, 0);
}

/**
 * Where work of a topic waits for a group.
 * @param busy partitions whose record this process has in hand; of others the broker tells
 */
export async function lagOf(admin: Admin, topic: string, group: string, busy: ReadonlySet<number>): Promise<Lag> {
  const [found, alive] = await Promise.all([undone(admin, topic, group), hasMembers(admin, group)]);
  const total = found.reduce((sum, { count }) => sum + count, 0);
  const inFlight = found.filter(
    ({ partition, metadata }) => busy.has(partition) || (alive && decodeProgress(metadata).started),
  ).length;
  return { topic, group, waiting: total - inFlight, inFlight };
}

/** Without members, a record that was begun is in nobody's hands: who had it has died. */
async function hasMembers(admin: Admin, group: string): Promise<boolean> {
  const { groups } = await admin.describeGroups([group]);
  return groups.some(({ members }) => members.length > 0);
}
