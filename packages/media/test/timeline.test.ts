import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeClock, reorderDepth } from '../src/timeline.ts';

test('the reorder depth counts the frames that wait for one that is decoded later', () => {
  assert.equal(reorderDepth([0, 1, 2, 3]), 0);
  assert.equal(reorderDepth([0, 2, 1, 4, 3]), 1);
  assert.equal(reorderDepth([0, 4, 2, 1, 3]), 2);
});

test('decode times ascend over batches whose frame distances differ, and are never after their frame', () => {
  const batches = [
    [0, 1000, 1010, 1005, 1030],
    [1040, 3040, 2040, 1540, 4040],
  ];
  const depth = Math.max(...batches.map(reorderDepth));
  const clock = decodeClock(depth, 0, 10);
  const pts = batches.flat();
  const dts = batches.flatMap((batch) => clock.next([...batch].sort((a, b) => a - b)));
  for (const [i, time] of dts.entries()) {
    assert.ok(i === 0 || time > (dts[i - 1] as number), `${dts}`);
    assert.ok(time <= (pts[i] as number), `frame ${i}: ${time} > ${pts[i]}`);
  }
});
