import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trimTopic } from '../../src/kafka/trim.ts';

type Places = Readonly<Record<string, readonly number[]>>;

/** Deletes from partitions that begin and end at these offsets, where groups are at those. @returns what was asked for */
async function trimmed(logs: readonly (readonly [low: number, high: number])[], groups: Places) {
  const asked: { partition: number; offset: string }[] = [];
  const records = await trimTopic(
    {
      fetchTopicOffsets: async () =>
        logs.map(([low, high], partition) => {
          return { partition, offset: String(high), low: String(low), high: String(high) };
        }),
      fetchOffsets: async ({ groupId }) => {
        const partitions = (groups[groupId] ?? []).map((offset, partition) => {
          return { partition, offset: String(offset), metadata: null };
        });
        return [{ topic: 'work', partitions }];
      },
      deleteTopicRecords: async ({ partitions }) => void asked.push(...partitions),
    },
    'work',
    Object.keys(groups),
  );
  return { records, asked };
}

test('up to where the slowest group is, in each partition; nothing is asked for where nothing is done', async () => {
  const { records, asked } = await trimmed(
    [
      [0, 10],
      [4, 10],
      [7, 7],
    ],
    { a: [3, 9, 7], b: [5, 4, 7] },
  );
  assert.deepEqual(asked, [{ partition: 0, offset: '3' }]);
  assert.equal(records, 3);
  assert.deepEqual((await trimmed([[5, 5]], { a: [5] })).asked, []);
});

test('nothing of a partition of which a group has acknowledged nothing, or more than there is', async () => {
  const logs = [
    [0, 10],
    [0, 10],
    [0, 10],
  ] as const;
  assert.deepEqual((await trimmed(logs, { a: [5, 5, 5], b: [-1, 500] })).asked, []);
});
