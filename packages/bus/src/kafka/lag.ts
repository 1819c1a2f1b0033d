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

/**
 * Where work of a topic waits for a group.
 * @param busy partitions whose record this process has in hand; of others the broker tells
 */
export async function lagOf(admin: Admin, topic: string, group: string, busy: ReadonlySet<number>): Promise<Lag> {
  const [ends, committed, alive] = await Promise.all([
    admin.fetchTopicOffsets(topic),
    readCommitted(admin, group, topic),
    hasMembers(admin, group),
  ]);
  let total = 0;
  let inFlight = 0;
  for (const { partition, high, low } of ends) {
    const { offset, metadata } = committed.get(partition) ?? { offset: null, metadata: null };
    // What was committed before the topic was made anew, or is gone by its retention, does not count.
    const from = offset === null || offset < BigInt(low) ? BigInt(low) : offset;
    const behind = Math.max(0, Number(BigInt(high) - from));
    total += behind;
    if (behind > 0 && (busy.has(partition) || (alive && decodeProgress(metadata).started))) inFlight++;
  }
  return { topic, group, waiting: total - inFlight, inFlight };
}

/** Without members, a record that was begun is in nobody's hands: who had it has died. */
async function hasMembers(admin: Admin, group: string): Promise<boolean> {
  const { groups } = await admin.describeGroups([group]);
  return groups.some(({ members }) => members.length > 0);
}
