import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Look } from '@dailies/contracts';
import { createGrader, findLook, gradeReference, LOOKS } from '@dailies/grade';
import { EXTREME_LOOKS, flatFrame, randomFrame, randomLook } from './frames.ts';

async function gradedByKernel(
  frame: Uint8Array,
  width: number,
  height: number,
  look: Look,
  kernel?: 'relaxed' | 'strict',
) {
  const grader = await createGrader({ width, height, look, slots: 1, ...(kernel ? { kernel } : {}) });
  grader.frame(0).set(frame);
  grader.grade(0);
  return grader.frame(0);
}

/** Fails with the place of the first sample that is more than one code value off. */
function assertClose(actual: Uint8Array, expected: Uint8Array, what: string): void {
  assert.equal(actual.length, expected.length, what);
  for (let i = 0; i < actual.length; i++) {
    const off = Math.abs((actual[i] as number) - (expected[i] as number));
    if (off > 1) assert.fail(`${what}: byte ${i} is ${actual[i]}, the reference says ${expected[i]}`);
  }
}

async function check(width: number, height: number, look: Look, frame: Uint8Array): Promise<void> {
  const expected = gradeReference(frame, width, height, look);
  assertClose(await gradedByKernel(frame, width, height, look), expected, `${look.name} at ${width}x${height}`);
}

test('every shipped look is within one code value of the reference, at every small size', async () => {
  for (const look of LOOKS) {
    for (let width = 1; width <= 20; width++) {
      for (let height = 1; height <= 9; height++)
        await check(width, height, look, randomFrame(width, height, width * 100 + height));
    }
  }
});

test('larger and odd sizes', async () => {
  const small = [31, 33, 32, 32, 47, 2, 2, 47, 64, 48, 101, 57, 176, 144, 427, 241];
  for (let i = 0; i < small.length; i += 2) {
    const [width, height] = [small[i] as number, small[i + 1] as number];
    for (const look of LOOKS) await check(width, height, look, randomFrame(width, height, width));
  }
  for (const [width, height] of [
    [853, 480],
    [1283, 721],
  ] as const) {
    await check(width, height, findLook('both'), randomFrame(width, height, width));
  }
});

test('4K', async () => {
  await check(3840, 2160, findLook('both'), randomFrame(3840, 2160, 4));
});

test('looks at the ends of their parameters', async () => {
  for (const look of EXTREME_LOOKS) await check(70, 46, look, randomFrame(70, 46, 7));
});

test('random looks', async () => {
  for (let seed = 1; seed <= 150; seed++) await check(46, 26, randomLook(seed), randomFrame(46, 26, seed));
});

test('flat frames of extreme code values', async () => {
  const codes = [0, 1, 15, 16, 17, 127, 128, 129, 234, 235, 236, 240, 254, 255];
  for (const look of [...LOOKS, ...EXTREME_LOOKS]) {
    for (const y of codes)
      for (const c of [0, 16, 128, 240, 255]) await check(18, 8, look, flatFrame(18, 8, [y, c, 255 - c]));
  }
});

test('every luma with every chroma, in one frame', async () => {
  // 2x2 blocks of one luma: block (y, c) at column y and row c.
  const frame = new Uint8Array(512 * 512 * 1.5);
  for (let y = 0; y < 512; y++) for (let x = 0; x < 512; x++) frame[y * 512 + x] = x >> 1;
  for (let c = 0; c < 256; c++) {
    frame.fill(c, 512 * 512 + c * 256, 512 * 512 + (c + 1) * 256);
    frame.fill(255 - c, 512 * 640 + c * 256, 512 * 640 + (c + 1) * 256);
  }
  for (const look of LOOKS) await check(512, 512, look, frame);
});

test('`none` is the identity, bit for bit', async () => {
  const frame = randomFrame(333, 77, 3);
  assert.deepEqual(await gradedByKernel(frame, 333, 77, findLook('none')), frame);
});

test('steps that are on and do nothing only clip luma to black and white', async () => {
  const frame = randomFrame(66, 38, 5);
  const expected = frame.map((code, i) => (i < 66 * 38 ? Math.min(235, Math.max(16, code)) : code));
  const look = { name: 'idle', contrast: { amount: 0 }, vignette: { sigma: 1, strength: 0 } };
  assert.deepEqual(await gradedByKernel(frame, 66, 38, look), expected);
});

test('the kernel is closer than it has to be: not one sample in a hundred differs', async () => {
  const frame = randomFrame(640, 360, 9);
  for (const look of LOOKS) {
    const expected = gradeReference(frame, 640, 360, look);
    const actual = await gradedByKernel(frame, 640, 360, look);
    const off = actual.filter((code, i) => code !== expected[i]).length;
    assert.ok(off < frame.length / 100, `${look.name}: ${off} of ${frame.length}`);
  }
});

test('both builds of the kernel agree to the bit', async () => {
  const frame = randomFrame(130, 74, 11);
  const looks = [...LOOKS, ...EXTREME_LOOKS, ...Array.from({ length: 40 }, (_, seed) => randomLook(1000 + seed))];
  for (const look of looks) {
    const relaxed = await gradedByKernel(frame, 130, 74, look, 'relaxed');
    assert.deepEqual(await gradedByKernel(frame, 130, 74, look, 'strict'), relaxed, look.name);
  }
});

test('the same pixel at the same place becomes the same, whatever was graded before', async () => {
  const look = findLook('both');
  const grader = await createGrader({ width: 90, height: 50, look, slots: 3 });
  const frames = [1, 2, 3].map((seed) => randomFrame(90, 50, seed));
  for (const [slot, frame] of frames.entries()) grader.frame(slot).set(frame);
  for (const slot of [2, 0, 1]) grader.grade(slot);
  for (const [slot, frame] of frames.entries()) {
    assert.deepEqual(grader.frame(slot), await gradedByKernel(frame, 90, 50, look));
  }
});
