import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batchPartition, PARTITIONS, TOPICS } from '../src/index.ts';

const COUNT = PARTITIONS[TOPICS.frameBatches];
const idOf = (start: number): string => start.toString(16).padStart(8, '0').padEnd(16, '0');

test('the batches of a recording reach all partitions, whatever its id', () => {
  for (const start of [0, 5, 0xffffffff]) {
    const reached = new Set(Array.from({ length: COUNT }, (_, index) => batchPartition(idOf(start), index)));
    assert.equal(reached.size, COUNT);
    assert.ok([...reached].every((partition) => partition >= 0 && partition < COUNT));
  }
});

test('neighbouring batches are shared by workers that hold ranges of partitions', () => {
  const window = 12;
  for (const workers of [2, 3, 4, 6]) {
    for (let start = 0; start < COUNT; start++) {
      const load = new Array<number>(workers).fill(0);
      for (let index = 0; index < window; index++) {
        const worker = Math.floor((batchPartition(idOf(start), index) * workers) / COUNT);
        load[worker] = (load[worker] ?? 0) + 1;
      }
      assert.ok(Math.max(...load) <= 1.5 * (window / workers), `${workers} workers from ${start}: ${load}`);
      assert.ok(Math.min(...load) > 0, `${workers} workers from ${start}: ${load}`);
    }
  }
});
