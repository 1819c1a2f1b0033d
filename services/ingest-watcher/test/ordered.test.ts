import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOrdered } from '../src/ordered.ts';

test('prepares so many at once and finishes in order, whatever is ready first', async () => {
  const ordered = createOrdered(2);
  const gates = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
  const finished: number[] = [];
  let running = 0;
  let most = 0;
  const all = gates.map((gate, i) =>
    ordered.add(
      async () => {
        most = Math.max(most, ++running);
        await gate.promise;
        running -= 1;
        return i;
      },
      async (n) => void finished.push(n),
    ),
  );
  for (const gate of gates.toReversed()) gate.resolve();
  await Promise.all(all);
  assert.deepEqual(finished, [0, 1, 2, 3, 4]);
  assert.equal(most, 2);
  await ordered.idle();
});

test('one that fails, in either step, rejects for its own caller and holds up nobody', async () => {
  const ordered = createOrdered(1);
  const finished: string[] = [];
  const finish = async (name: string): Promise<void> => void finished.push(name);
  const first = ordered.add(async () => Promise.reject(new Error('prepare')), finish);
  const second = ordered.add(
    async () => 'b',
    async () => Promise.reject(new Error('finish')),
  );
  const third = ordered.add(async () => 'c', finish);
  await assert.rejects(first, { message: 'prepare' });
  await assert.rejects(second, { message: 'finish' });
  await third;
  assert.deepEqual(finished, ['c']);
});
