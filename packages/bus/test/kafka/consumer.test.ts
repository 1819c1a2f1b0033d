import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BASE, Happenings, message, settle } from '../../src/conformance/harness.ts';
import { startConsumer } from '../../src/kafka/consumer.ts';
import { Lease } from '../../src/kafka/lease.ts';
import type { Membership } from '../../src/kafka/membership.ts';
import { FRESH } from '../../src/kafka/progress.ts';
import type { Publisher } from '../../src/kafka/publisher.ts';
import { encodeMessage, type RawMessage } from '../../src/kafka/records.ts';
import { DEFAULT_TUNING } from '../../src/kafka/tuning.ts';

/** A record of partition `index`, the only one there. */
function leaseWithOne(index: number): Lease {
  const { key, value, headers = {} } = encodeMessage(message('work', `key ${index}`, 'x', index), index);
  const raw = { offset: '0', timestamp: String(index), key: Buffer.from(String(key)), value, headers } as RawMessage;
  const lease = new Lease(index);
  lease.progress = FRESH;
  lease.add(0n, [raw], 1n);
  return lease;
}

test('what a handler answered goes out while the next record is handled; that much is held, and no more', async (t) => {
  const leases = new Map([0, 1, 2, 3].map((index) => [index, leaseWithOne(index)]));
  const membership: Membership = {
    leases,
    joined: true,
    doubtful: false,
    commit: async () => true,
    rewind: () => {},
    steer: () => {},
    rebalanced: async () => {},
    leave: async () => {},
  };
  const out = Promise.withResolvers<void>();
  const publisher: Publisher = { check: () => {}, publish: () => out.promise, close: async () => {} };
  const begun = new Happenings<string>();
  const consumer = await startConsumer(
    {
      ...BASE,
      topic: 'work',
      group: 'group',
      concurrency: 1,
      async handler({ key }) {
        begun.add(key);
        return [message('answers', key, 'done')];
      },
    },
    {
      publisher,
      tuning: DEFAULT_TUNING,
      brokers: 'broker:9092',
      maxDeaths: 3,
      join: async () => membership,
      waiting: async () => 0,
      log: undefined,
      report: (error) => assert.fail(error),
      ended: () => {},
    },
  );
  t.after(() => consumer.stop({ drainMs: 1000 }));
  await begun.first(2);
  await settle();
  assert.deepEqual(begun.all, ['key 0', 'key 1']);
  out.resolve();
  await begun.first(4);
});
