import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trimTopic } from '../../src/kafka/trim.ts';

type Places = Readonly<Record<string, readonly number[]>>;

/** Deletes from partitions that begin and end at these offsets, where groups were and are. @returns what was asked for */
async function trimmed(logs: readonly (readonly [low: number, high: number])[], groups: Places, before: number[]) {
  const asked: { partition: number; offset: string }[] = [];
  const { records, done } = await trimTopic(
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
    new Map(before.entries()),
  );
  return { records, asked, done: [...done.values()] };
}

test('up to where the slowest group was the last time, in each partition; nothing where nothing was done', async () => {
  const logs = [
    [0, 10],
    [4, 10],
    [7, 7],
    [0, 10],
  ] as const;
  const { records, asked, done } = await trimmed(logs, { a: [5, 9, 7, 6], b: [8, 4, 7, 2] }, [3, 4, 7, 6]);
  // Of the last one a group was set back.
  assert.deepEqual(asked, [
    { partition: 0, offset: '3' },
    { partition: 3, offset: '2' },
  ]);
  assert.equal(records, 5);
  assert.deepEqual(done, [5, 4, 7, 2]);
  assert.deepEqual((await trimmed([[0, 5]], { a: [5] }, [])).asked, [], 'the first time it looks, no more');
});

test('nothing of a partition of which a group has acknowledged nothing, or more than there is', async () => {
  const logs = [
    [0, 10],
    [0, 10],
    [0, 10],
  ] as const;
  assert.deepEqual((await trimmed(logs, { a: [5, 5, 5], b: [-1, 500] }, [5, 5, 5])).asked, []);
});
