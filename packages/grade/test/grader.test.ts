import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createGrader, findLook, gradedRows } from '@dailies/grade';
import { loadKernel } from '../src/kernel.ts';
import { randomFrame } from './frames.ts';

const look = findLook('both');

for (const [width, height] of [
  [32, 16],
  [33, 17],
  [50, 12],
  [5, 3],
] as const) {
  test(`rows with padding give the same picture and keep their padding: ${width}x${height}`, async () => {
    const chroma = Math.ceil(width / 2);
    const chromaHeight = Math.ceil(height / 2);
    const strides = { luma: width + 13, chroma: chroma + 7 };
    const frame = randomFrame(width, height, 1);
    const packed = await createGrader({ width, height, look, slots: 1 });
    const padded = await createGrader({ width, height, look, slots: 1, strides });
    packed.frame(0).set(frame);
    packed.grade(0);
    padded.frame(0).fill(77);
    // Where a row is, packed and padded, of all three planes.
    const rows: [packedAt: number, paddedAt: number, length: number][] = [];
    for (let y = 0; y < height; y++) rows.push([y * width, y * strides.luma, width]);
    for (let y = 0; y < 2 * chromaHeight; y++)
      rows.push([width * height + y * chroma, strides.luma * height + y * strides.chroma, chroma]);
    for (const [from, to, length] of rows) padded.frame(0).set(frame.subarray(from, from + length), to);
    padded.grade(0);
    const expected = new Uint8Array(padded.frameBytes).fill(77);
    for (const [from, to, length] of rows) expected.set(packed.frame(0).subarray(from, from + length), to);
    assert.deepEqual(padded.frame(0), expected);
  });
}

test('a frame is I420, tightly packed, with chroma rounded up', async () => {
  const sizes = [
    [2, 2, 6],
    [3, 3, 17],
    [1, 1, 3],
    [1280, 720, 1_382_400],
  ] as const;
  for (const [width, height, bytes] of sizes) {
    const grader = await createGrader({ width, height, look, slots: 2 });
    assert.equal(grader.frameBytes, bytes);
    assert.equal(grader.frame(1).length, bytes);
  }
});

test('grading one slot leaves the others', async () => {
  const frame = randomFrame(31, 19, 4);
  const grader = await createGrader({ width: 31, height: 19, look, slots: 3 });
  for (const slot of [0, 1, 2]) grader.frame(slot).set(frame);
  grader.grade(1);
  assert.deepEqual(grader.frame(0), frame);
  assert.deepEqual(grader.frame(2), frame);
  assert.notDeepEqual(grader.frame(1), frame);
});

test('a slot that is not there is refused', async () => {
  const grader = await createGrader({ width: 4, height: 4, look, slots: 2 });
  for (const slot of [-1, 2, 0.5]) {
    assert.throws(() => grader.frame(slot), RangeError);
    assert.throws(() => grader.grade(slot), RangeError);
  }
});

test('more frames than the memory can hold are refused with their size', async () => {
  const wanted = createGrader({ width: 30_000, height: 30_000, look, slots: 4 });
  await assert.rejects(wanted, { code: 'RECORDING_TOO_LARGE', message: /4 frames of 30000x30000/ });
});

test('four frames of 8K fit', async () => {
  const grader = await createGrader({ width: 7680, height: 4320, look, slots: 4 });
  assert.equal(grader.frame(3).length, 49_766_400);
});

async function emptyFolder(t: TestContext): Promise<{ folder: string; beside: URL }> {
  const root = await mkdtemp(join(tmpdir(), 'dailies-kernel-'));
  t.after(() => rm(root, { recursive: true }));
  const folder = join(root, 'kernel');
  await mkdir(folder);
  return { folder, beside: pathToFileURL(join(root, 'src', 'kernel.ts')) };
}

test('a kernel that was not built says how to build it', async (t) => {
  const { beside } = await emptyFolder(t);
  await assert.rejects(loadKernel(undefined, beside), { code: 'INTERNAL', message: /npm run prepare/ });
});

test('an engine that refuses the relaxed instructions gets the strict build', async (t) => {
  const { folder, beside } = await emptyFolder(t);
  // A module whose only function is an instruction that no engine has.
  const unknown = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 6, 1, 4, 0, 0xfd, 0xff, 0x7f, 11];
  await writeFile(join(folder, 'kernel.wasm'), Uint8Array.from(unknown));
  await copyFile(new URL('../kernel/kernel-strict.wasm', import.meta.url), join(folder, 'kernel-strict.wasm'));
  assert.equal(typeof (await loadKernel(undefined, beside)).gradeFrame, 'function');
  await assert.rejects(loadKernel('relaxed', beside), { name: 'CompileError' });
});

/** The rows `from` to `to` of a frame, as a frame of their own. */
function rowsOf(frame: Uint8Array, width: number, height: number, from: number, to: number): Uint8Array {
  const chroma = Math.ceil(width / 2);
  const plane = chroma * Math.ceil(height / 2);
  const cb = width * height;
  const part = (at: number, stride: number, first: number, last: number): Uint8Array =>
    frame.subarray(at + first * stride, at + last * stride);
  const c = [from / 2, Math.ceil(to / 2)] as const;
  return Uint8Array.from([...part(0, width, from, to), ...part(cb, chroma, ...c), ...part(cb + plane, chroma, ...c)]);
}

for (const [width, height, name] of [
  [64, 40, 'both'],
  [33, 50, 'cinematic'],
  [48, 33, 'both'],
  [16, 12, 'none'],
] as const) {
  test(`without its bars a frame is graded as it is with them: ${width}x${height}, ${name}`, async () => {
    const named = findLook(name);
    const { from, to } = gradedRows(named, height);
    const whole = await createGrader({ width, height, look: named, slots: 1 });
    const bare = await createGrader({ width, height, look: named, slots: 2, withoutBars: true });
    assert.equal(bare.height, to - from);
    const frame = randomFrame(width, height, 7);
    whole.frame(0).set(frame);
    whole.grade(0);
    bare.frame(1).set(rowsOf(frame, width, height, from, to));
    bare.grade(1);
    assert.deepEqual(bare.frame(1), rowsOf(whole.frame(0), width, height, from, to));
  });
}

test('bars that leave no row let the whole frame through', () => {
  assert.deepEqual(gradedRows({ name: 'all', bars: { fraction: 0.45 } }, 4), { from: 0, to: 4 });
  assert.deepEqual(gradedRows(findLook('both'), 720), { from: 86, to: 634 });
});
