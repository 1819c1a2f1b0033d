import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Look, parseLook } from '@dailies/contracts';
import { findLook, gradePixel, pixelOf, rgbOf, toCube } from '@dailies/grade';
import { randomFrom } from './frames.ts';

type Triple = [number, number, number];

/** Reads a .cube file by its specification; shares no code with the writer. */
function readCube(text: string): { size: number; points: Triple[]; comments: string[] } {
  const lines = text.trimEnd().split('\n');
  const size = Number(lines.find((line) => line.startsWith('LUT_3D_SIZE'))?.split(' ')[1]);
  const points = lines.filter((line) => /^[0-9]/.test(line)).map((line) => line.split(' ').map(Number) as Triple);
  return { size, points, comments: lines.filter((line) => line.startsWith('#')) };
}

/** Trilinear interpolation, red fastest. */
function apply({ size, points }: { size: number; points: Triple[] }, rgb: Triple): Triple {
  const at = rgb.map((value) => value * (size - 1));
  const base = at.map((value) => Math.min(size - 2, Math.floor(value)));
  const part = at.map((value, axis) => value - (base[axis] as number));
  const out: Triple = [0, 0, 0];
  for (let corner = 0; corner < 8; corner++) {
    const up = [corner & 1, (corner >> 1) & 1, corner >> 2];
    const weight = up.reduce(
      (product, one, axis) => product * (one ? (part[axis] as number) : 1 - (part[axis] as number)),
      1,
    );
    const [r, g, b] = up.map((one, axis) => one + (base[axis] as number)) as Triple;
    const point = points[r + size * (g + size * b)] as Triple;
    for (const axis of [0, 1, 2] as const) out[axis] += weight * point[axis];
  }
  return out;
}

test('33 points an axis, each from 0 to 1', () => {
  const { size, points } = readCube(toCube(findLook('both')));
  assert.equal(size, 33);
  assert.equal(points.length, 33 ** 3);
  assert.ok(points.flat().every((value) => value >= 0 && value <= 1));
});

test('`none` is the identity, red changing fastest', () => {
  const { points } = readCube(toCube(findLook('none')));
  assert.deepEqual(points[1], [0.03125, 0, 0]);
  assert.deepEqual(points[33], [0, 0.03125, 0]);
  assert.deepEqual(points[33 * 33], [0, 0, 0.03125]);
  assert.deepEqual(points.at(-1), [1, 1, 1]);
});

test('between its points the LUT is the look, to within one code value', () => {
  const tint = { splitTint: { alpha: 0.2, left: [200, 120, 0], right: [200, 120, 0] } };
  const looks = [findLook('cinematic'), parseLook({ ...findLook('cinematic'), ...tint })];
  const random = randomFrom(5);
  for (const look of looks) {
    const cube = readCube(toCube(look));
    const { vignette, bars, ...colours } = look;
    for (let i = 0; i < 3000; i++) {
      const rgb: Triple = [random(), random(), random()];
      const pixel = pixelOf(rgb.map((value) => value * 255) as Triple);
      const exact = rgbOf(gradePixel(colours as Look, pixel, { x: 0, y: 0, width: 1, height: 1 }));
      for (const [axis, value] of apply(cube, rgb).entries()) {
        const expected = Math.min(255, Math.max(0, exact[axis] as number));
        // Where colours are clipped, the edge of the clipping falls between two points.
        const edge = (exact[axis] as number) < 6 || (exact[axis] as number) > 249;
        assert.ok(
          Math.abs(value * 255 - expected) <= (edge ? 3 : 1),
          `${look.name} at ${rgb}: ${value * 255}, not ${expected}`,
        );
      }
    }
  }
});

test('what depends on the place is left out, and named', () => {
  const leftOut = (name: string): string[] =>
    readCube(toCube(findLook(name))).comments.filter((line) => line.includes('Left out'));
  const points = (name: string): string => readCube(toCube(findLook(name))).points.join();
  assert.match(leftOut('both').join(), /: split tint, vignette, bars$/);
  assert.match(leftOut('cinematic').join(), /: vignette, bars$/);
  assert.deepEqual(leftOut('none'), []);
  // Not by `equal`: the difference of two LUTs would take minutes to print.
  assert.ok(points('both') === points('cinematic'), 'the tint of `both` is in its LUT');
});
