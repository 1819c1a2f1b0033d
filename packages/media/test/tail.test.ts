import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PacketTable } from '../src/packets.ts';
import { planBatches } from '../src/plan.ts';

const OPTIONS = { timeBase: { num: 1, den: 1 }, batchSeconds: 4, maxBytes: 1_000_000, maxSeconds: 30 };

/** One frame a second, in decoding order; `keys` are the PTS of keyframes. */
function planned(order: readonly number[], keys: readonly number[]) {
  const table = new PacketTable();
  for (const pts of order) {
    table.add({ pts, duration: 1, size: 100, key: keys.includes(pts), discard: false });
    table.mark(table.length - 1, { entry: keys.includes(pts), shown: true });
  }
  const plan = planBatches(table, OPTIONS);
  return plan.problem === null ? plan.batches : assert.fail(plan.problem);
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

test('long GOPs at the end become windows that share their first packet; those before it stay whole', () => {
  const batches = planned(range(0, 34), [0, 8, 16, 24, 32]);
  assert.deepEqual(
    batches.map((b) => [b.from, b.until, b.pts[0], b.endPts]),
    [
      [0, 8, 0, 8],
      [8, 16, 8, 16],
      [16, 24, 16, 24],
      [24, 28, 24, 28],
      [24, 32, 28, 32],
      [32, 34, 32, 34],
    ],
  );
  assert.deepEqual(
    batches.flatMap((b) => b.pts),
    range(0, 34),
  );
});

test('a window gets the packets of its own frames that are decoded after one of the next window', () => {
  // 4 is decoded before 2 and 3, as the P-frame that they refer to.
  const batches = planned([0, 1, 4, 2, 3, 5, 6, 7], [0]);
  assert.deepEqual(
    batches.map((b) => [b.from, b.until, b.pts]),
    [
      [0, 5, [0, 1, 2, 3]],
      [0, 8, [4, 5, 6, 7]],
    ],
  );
});

test('leading pictures stay with the last window of the batch before', () => {
  const batches = planned([0, 1, 2, 3, 4, 5, 8, 6, 7, 9, 10, 11], [0, 8]);
  assert.deepEqual(
    batches.map((b) => [b.from, b.until, b.pts]),
    [
      [0, 4, [0, 1, 2, 3]],
      [0, 9, [4, 5, 6, 7]],
      [6, 12, [8, 9, 10, 11]],
    ],
  );
});

test('one GOP alone has at most four windows, and a short one stays whole', () => {
  assert.deepEqual(
    planned(range(0, 29), [0]).map((b) => b.pts.length),
    [8, 8, 8, 5],
  );
  assert.equal(planned(range(0, 5), [0]).length, 1);
});
