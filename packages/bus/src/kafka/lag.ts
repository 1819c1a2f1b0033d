import type { Admin } from 'kafkajs';
import type { Lag } from '../port.ts';
import type { Committed } from './membership.ts';
import { decodeProgress } from './progress.ts';

/** How far a group is in a topic, by partition. */
export async function readCommitted(admin: Admin, group: string, topic: string): Promise<Map<number, Committed>> {
  return new Map((await places(admin, group, topic)).map(({ partition, ...committed }) => [partition, committed]));
}

/** The same, with where each partition ends. */
async function places(
  admin: Admin,
  group: string,
  topic: string,
): Promise<(Committed & { readonly partition: number; readonly end: bigint })[]> {
  const [ends, [found]] = await Promise.all([
    admin.fetchTopicOffsets(topic),
    admin.fetchOffsets({ groupId: group, topics: [topic] }),
  ]);
  const committed = new Map(found?.partitions.map((one) => [one.partition, one]));
  return ends.map(({ partition, high, low }) => {
    const { offset = '-1', metadata = null } = committed.get(partition) ?? {};
    // Negative: nothing was committed. Below the first: what was committed before the topic was made anew, or before a
    // retention was over.
    const behind = BigInt(offset) < BigInt(low);
    return { partition, offset: behind ? BigInt(low) : BigInt(offset), metadata, end: BigInt(high) };
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
