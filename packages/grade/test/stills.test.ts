import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beforeAfter, frameToPng, toRgb } from '@dailies/grade';
import sharp from 'sharp';
import { flatFrame } from './frames.ts';

/** BT.709 limited range to full-range RGB, the matrix of the standard. */
const COLOURS = [
  { code: [16, 128, 128], rgb: [0, 0, 0] },
  { code: [235, 128, 128], rgb: [255, 255, 255] },
  { code: [126, 128, 128], rgb: [128, 128, 128] },
  { code: [63, 102, 240], rgb: [255, 1, 0] },
  { code: [32, 240, 118], rgb: [1, 0, 255] },
  { code: [173, 42, 26], rgb: [0, 255, 1] },
] as const;

const near = (actual: readonly number[], expected: readonly number[]): void => {
  for (const [i, value] of expected.entries())
    assert.ok(Math.abs((actual[i] as number) - value) <= 1, `${actual}, not ${expected}`);
};

test('colours are those of BT.709, not of BT.601', () => {
  for (const { code, rgb } of COLOURS) near([...toRgb(flatFrame(2, 2, code), 2, 2).subarray(0, 3)], rgb);
});

test('chroma is interpolated between its samples, luma is not', () => {
  // A row of 4: chroma 128 and 228 at columns 0 and 2; between them 178, after the last one 228.
  const rgb = toRgb(Uint8Array.of(126, 126, 126, 126, 128, 128, 128, 228), 4, 1);
  const red = (x: number): number => rgb[3 * x] as number;
  const at = (cr: number): number => Math.min(255, ((126 - 16) / 219) * 255 + (cr * 0.7874 * 255) / 112);
  near([red(0), red(1), red(2), red(3)], [at(0), at(50), at(100), at(100)]);
});

test('a PNG of the size of the frame, odd ones too', async () => {
  const png = await frameToPng(flatFrame(7, 5, [63, 102, 240]), 7, 5);
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  assert.deepEqual([info.format, info.width, info.height, info.channels], ['raw', 7, 5, 3]);
  for (let i = 0; i < data.length; i += 3) near([...data.subarray(i, i + 3)], [255, 1, 0]);
});

test('before is left and after is right, with a gap', async () => {
  const png = await beforeAfter(flatFrame(6, 4, [16, 128, 128]), flatFrame(6, 4, [63, 102, 240]), 6, 4);
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  assert.deepEqual([info.width, info.height], [20, 4]);
  const pixel = (x: number, y: number): number[] => [...data.subarray((y * 20 + x) * 3, (y * 20 + x) * 3 + 3)];
  near(pixel(0, 0), [0, 0, 0]);
  near(pixel(5, 3), [0, 0, 0]);
  near(pixel(9, 2), [255, 255, 255]);
  near(pixel(14, 0), [255, 1, 0]);
  near(pixel(19, 3), [255, 1, 0]);
});
