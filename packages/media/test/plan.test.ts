import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PacketTable } from '../src/packets.ts';
import { planBatches } from '../src/plan.ts';

const OPTIONS = { timeBase: { num: 1, den: 30 }, batchSeconds: 4, maxBytes: 1_000_000, maxSeconds: 30 };

/** Packets in decoding order: a PTS, with `k` where decoding can begin, `d` where an edit list discards. */
function table(text: string, size = 100): PacketTable {
  const packets = new PacketTable();
  for (const word of text.split(' ')) {
    const pts = word.startsWith('?') ? null : Number.parseInt(word, 10);
    packets.add({ pts, duration: 1, size, key: word.includes('k'), discard: word.includes('d') });
    packets.mark(packets.length - 1, { entry: word.includes('k'), shown: !word.includes('h') });
  }
  return packets;
}

function planned(packets: PacketTable, options = OPTIONS) {
  const plan = planBatches(packets, options);
  assert.equal(plan.problem, null);
  return plan.problem === null ? plan : assert.fail();
}

test('closed GOPs are cut at their keyframes, and every frame is kept once', () => {
  const plan = planned(table('0k 2 1 120k 122 121 240k 360'));
  assert.deepEqual(
    plan.batches.map((b) => [b.from, b.until, b.pts, b.endPts]),
    [
      [0, 3, [0, 1, 2], 120],
      [3, 6, [120, 121, 122], 240],
      [6, 8, [240, 360], 361],
    ],
  );
  assert.equal(plan.frames, 8);
});

test('leading pictures travel with the batch before, together with their keyframe', () => {
  // 90 is the keyframe, 88 and 89 are decoded after it and shown before it.
  const plan = planned(table('0k 60 90k 88 89 124'), { ...OPTIONS, batchSeconds: 2 });
  assert.deepEqual(
    plan.batches.map((b) => [b.from, b.until, b.pts]),
    [
      [0, 5, [0, 60, 88, 89]],
      [2, 6, [90, 124]],
    ],
  );
});

test('short GOPs go together until a batch is long enough', () => {
  const plan = planned(table('0k 60k 120k 180k 240k 300k'));
  assert.deepEqual(
    plan.batches.map((b) => b.pts),
    [
      [0, 60, 120],
      [180, 240, 300],
    ],
  );
});

test('frames that are discarded or not shown are not promised', () => {
  assert.deepEqual(planned(table('0kd 1d 2 3h 4')).batches[0]?.pts, [2, 4]);
});

test('what cannot be cut is told, with the reason', () => {
  const problem = (packets: PacketTable, options = OPTIONS) => planBatches(packets, options).problem;
  assert.equal(problem(table('0k ? 2')), 'packets without a presentation time');
  assert.equal(problem(table('0 1k 2')), 'it does not begin with a keyframe');
  assert.equal(problem(table('5k 3 4 6')), 'frames before its first keyframe in presentation order');
  assert.equal(problem(table('0k 1 1 2')), 'two frames with one presentation time');
  assert.equal(problem(table('0k 1000')), 'its keyframes are too far apart');
  assert.equal(problem(table('0k 1 2', 500_000)), 'its keyframes are too far apart');
});

test('a flagged packet that has an earlier picture after it in time is no cut', () => {
  // The second "keyframe" comes after a packet with a later PTS: cutting there would tear a frame away.
  assert.equal(planned(table('0k 130 125k 131')).batches.length, 1);
});

test('the last frame keeps its duration; one tick of a fine clock means that it is unknown', () => {
  assert.equal(planned(table('0k 2 5')).batches[0]?.endPts, 6);
  const fine = { ...OPTIONS, timeBase: { num: 1, den: 90_000 } };
  assert.equal(planned(table('0k 3000 6000'), fine).batches[0]?.endPts, 9000);
});
