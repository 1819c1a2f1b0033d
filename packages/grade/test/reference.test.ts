import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Look } from '@dailies/contracts';
import { gradePixel, gradeReference, pixelOf, rgbOf, rowsBetweenBars } from '@dailies/grade';
import { flatFrame } from './frames.ts';

/** What a flat frame of 2x2 becomes: [Y', Cb, Cr]. */
function graded(steps: Omit<Look, 'name'>, color: readonly [number, number, number]): number[] {
  const out = gradeReference(flatFrame(2, 2, color), 2, 2, { name: 'test', ...steps });
  return [out[0] as number, out[4] as number, out[5] as number];
}

test('colours of RGB in Y’CbCr, as BT.709 has them', () => {
  const close = (actual: number, expected: number) =>
    assert.ok(Math.abs(actual - expected) < 1e-9, `${actual}, not ${expected}`);
  const blue = pixelOf([0, 0, 255]);
  close(blue.t, 0.0722);
  close(blue.b, 112);
  close(blue.r, (-112 * 0.0722) / 0.7874);
  const red = pixelOf([255, 0, 0]);
  close(red.t, 0.2126);
  close(red.r, 112);
  close(red.b, (-112 * 0.2126) / 0.9278);
  for (const rgb of [
    [0, 0, 0],
    [255, 255, 255],
    [12, 200, 77],
  ] as const) {
    for (const [i, value] of rgbOf(pixelOf(rgb)).entries()) close(value, rgb[i] as number);
  }
});

test('contrast keeps black, mid grey and white, and bends what is between', () => {
  const contrast = { contrast: { amount: 1 } };
  assert.deepEqual(graded(contrast, [16, 128, 128]), [16, 128, 128]);
  assert.deepEqual(graded(contrast, [235, 128, 128]), [235, 128, 128]);
  // t = ¼ becomes s(¼) = 5/32; a quarter of 219 is 54.75, so code 71 is t = 55/219 = 0.25114.
  // s = 0.0630727·(3 − 0.502283) = 0.157537, and 16 + 219·s = 50.5.
  assert.deepEqual(graded(contrast, [71, 128, 128]), [51, 128, 128]);
  // Half the amount goes half the way: 71 − 20.5/2.
  assert.deepEqual(graded({ contrast: { amount: 0.5 } }, [71, 128, 128]), [61, 128, 128]);
  assert.equal(
    gradePixel({ name: 'x', ...contrast }, { t: 0.5, b: 0, r: 0 }, { x: 0, y: 0, width: 1, height: 1 }).t,
    0.5,
  );
});

test('luma outside black and white is clipped by a look of colour, and left by bars alone', () => {
  assert.deepEqual(graded({ contrast: { amount: 0 } }, [255, 128, 128]), [235, 128, 128]);
  assert.deepEqual(graded({ contrast: { amount: 0 } }, [3, 128, 128]), [16, 128, 128]);
  assert.deepEqual(graded({ bars: { fraction: 0.1 } }, [255, 1, 254]), [255, 1, 254]);
  assert.deepEqual(graded({}, [255, 1, 254]), [255, 1, 254]);
});

test('teal goes to the shadows and orange to the highlights', () => {
  const tealOrange: NonNullable<Look['tealOrange']> = { shadows: [10, -12], highlights: [-6, 8], saturation: 1 };
  assert.deepEqual(graded({ tealOrange }, [16, 128, 128]), [16, 138, 116]);
  assert.deepEqual(graded({ tealOrange }, [235, 128, 128]), [235, 122, 136]);
  // Close to mid grey (code 125, t = 0.4977): 0.2523 of the shadows and 0.2477 of the highlights: +1.04 and −1.05.
  assert.deepEqual(graded({ tealOrange }, [125, 128, 128]), [125, 129, 127]);
  // Offset first, then saturation: (20 + 10)·1.5 and (−8 − 12)·1.5.
  assert.deepEqual(graded({ tealOrange: { ...tealOrange, saturation: 1.5 } }, [16, 148, 120]), [16, 173, 98]);
  assert.deepEqual(graded({ tealOrange: { ...tealOrange, saturation: 0 } }, [16, 148, 120]), [16, 128, 128]);
});

test('the weights of chroma come from luma after contrast', () => {
  const tealOrange: Look['tealOrange'] = { shadows: [0, 0], highlights: [64, 64], saturation: 1 };
  // t = 0.25114: 64·t² = 4.04. After full contrast 0.157537: 1.59.
  assert.equal(graded({ tealOrange }, [71, 128, 128])[1], 132);
  assert.equal(graded({ tealOrange, contrast: { amount: 1 } }, [71, 128, 128])[1], 130);
});

test('a tint at alpha 1 is its colour, blue left and red right', () => {
  const look: Look = { name: 'tint', splitTint: { alpha: 1, left: [0, 0, 255], right: [255, 0, 0] } };
  const out = gradeReference(flatFrame(4, 2, [200, 90, 90]), 4, 2, look);
  // BT.709 blue is 31.8, 240, 117.7; red is 62.6, 102.3, 240.
  assert.deepEqual([...out], [32, 32, 63, 63, 32, 32, 63, 63, 240, 102, 118, 240]);
});

test('a tint of 0.3 keeps 0.7 of the picture', () => {
  const splitTint: Look['splitTint'] = { alpha: 0.3, left: [255, 255, 255], right: [255, 255, 255] };
  // 0.7·(16 − 16) + 0.3·219 = 65.7; 0.7·40 = 28.
  assert.deepEqual(graded({ splitTint }, [16, 168, 88]), [82, 156, 100]);
});

test('the middle column of an odd width counts to the right', () => {
  const look: Look = { name: 'tint', splitTint: { alpha: 1, left: [0, 0, 0], right: [255, 255, 255] } };
  assert.deepEqual(
    [...gradeReference(flatFrame(5, 1, [100, 128, 128]), 5, 1, look).subarray(0, 5)],
    [16, 16, 235, 235, 235],
  );
});

test('the vignette leaves the middle and darkens the corner to a half', () => {
  const look: Look = { name: 'vignette', vignette: { sigma: 0.6, strength: 1 } };
  const out = gradeReference(flatFrame(1001, 1001, [235, 228, 28]), 1001, 1001, look);
  assert.equal(out[500 * 1001 + 500], 235);
  // Half a size from the middle on both axes: exp(−0.25/0.72) = 0.70665 each, 0.49935 together; 16 + 219·0.49935 = 125.4,
  // and the centre of the corner pixel is a trifle (0.14 %) brighter.
  assert.equal(out[0], 126);
  const chroma = 501 * 501;
  assert.equal(out[1001 * 1001], 178);
  assert.equal(out[1001 * 1001 + chroma], 78);
  // Half the strength, half the loss: 16 + 219·0.74967 + a trifle.
  assert.equal(
    gradeReference(flatFrame(1001, 1, [235, 128, 128]), 1001, 1, {
      name: 'v',
      vignette: { sigma: 0.6, strength: 0.5 },
    })[500],
    235,
  );
});

test('bars are black, of an even number of rows, and take whole rows of chroma', () => {
  const rows = (height: number, fraction = 0.12) =>
    Object.values(rowsBetweenBars({ name: 'b', bars: { fraction } }, height));
  assert.deepEqual(rows(720), [86, 634]);
  assert.deepEqual(rows(1080), [130, 950]);
  assert.deepEqual(rows(360), [44, 316]);
  assert.deepEqual(rows(2), [0, 2]);
  assert.deepEqual(rows(721), [86, 636]);
  assert.deepEqual(rows(720, 0), [0, 720]);
  const out = gradeReference(flatFrame(2, 17, [200, 90, 90]), 2, 17, { name: 'b', bars: { fraction: 0.12 } });
  // Two rows on top; below one, which has a row of chroma of its own.
  assert.deepEqual([...out.subarray(0, 34)].map((y) => (y === 16 ? 'b' : '.')).join(''), `bbbb${'.'.repeat(28)}bb`);
  assert.deepEqual([...out.subarray(34, 43)], [128, 90, 90, 90, 90, 90, 90, 90, 128]);
});

test('chroma follows the mean of its four pixels, each clipped', () => {
  const look: Look = { name: 'x', tealOrange: { shadows: [0, 0], highlights: [64, 64], saturation: 1 } };
  // 255 counts as 235: the mean is (219 + 0 + 0 + 219)/4 of 219 = ½, and 64·¼ = 16.
  assert.equal(gradeReference(Uint8Array.of(255, 16, 0, 235, 128, 128), 2, 2, look)[4], 144);
  // Odd edges: the single pixel stands for all four.
  assert.equal(gradeReference(Uint8Array.of(235, 128, 128), 1, 1, look)[1], 192);
});
