import type { Admin } from 'kafkajs';
import type { Lag } from '../port.ts';
import type { Committed } from './membership.ts';
import { decodeProgress } from './progress.ts';

/** How far a group is in a topic, by partition. */
export async function readCommitted(admin: Admin, group: string, topic: string): Promise<Map<number, Committed>> {
  const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  return new Map(
    (found?.partitions ?? []).map(({ partition, offset, metadata }) => {
      const at = BigInt(offset);
      return [partition, { offset: at < 0n ? null : at, metadata }];
    }),
  );
}

/** Records of a topic that the group has not done, by partition; those without are left out. */
async function undone(
  admin: Admin,
  topic: string,
  group: string,
): Promise<{ partition: number; count: number; metadata: string | null }[]> {
  const [ends, committed] = await Promise.all([admin.fetchTopicOffsets(topic), readCommitted(admin, group, topic)]);
  return ends
    .map(({ partition, high, low }) => {
      const { offset, metadata } = committed.get(partition) ?? { offset: null, metadata: null };
      // What was committed before the topic was made anew, or is gone by its retention, does not count.
      const from = offset === null || offset < BigInt(low) ? BigInt(low) : offset;
      return { partition, count: Math.max(0, Number(BigInt(high) - from)), metadata };
    })
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
