import type { Look } from '@dailies/contracts';
import { pixelOf, rgbOf } from './colour.ts';
import { gradePixel } from './reference.ts';

const SIZE = 33;

/**
 * A look as a 3D LUT: .cube text ("Cube LUT Specification 1.0", Adobe 2013), 33 points an axis, red changing fastest,
 * gamma-encoded full-range RGB from 0 to 1 in and out, for BT.709 pictures.
 *
 * A LUT knows colours and no places. So it holds contrast, teal and orange, and the tint only when it is the same left
 * and right; a different tint, the vignette and the bars are left out, and the file says so in a comment. Colours that
 * RGB cannot hold are clipped.
 */
export function toCube(look: Look): string {
  const { vignette, bars, splitTint, ...rest } = look;
  const tinted = splitTint?.left.join() === splitTint?.right.join();
  const colours: Look = splitTint && tinted ? { ...rest, splitTint } : rest;
  const leftOut = [
    ...(splitTint && !tinted ? ['split tint'] : []),
    ...(vignette ? ['vignette'] : []),
    ...(bars ? ['bars'] : []),
  ];
  const lines = [
    `TITLE "Dailies ${look.name}"`,
    '# Input and output: full-range RGB, BT.709, gamma encoded',
    ...(leftOut.length ? [`# Left out, because a LUT knows no places: ${leftOut.join(', ')}`] : []),
    `LUT_3D_SIZE ${SIZE}`,
  ];
  const axis = Array.from({ length: SIZE }, (_, i) => (255 * i) / (SIZE - 1));
  // No step that is left needs the place.
  const place = { x: 0.5, y: 0.5, width: 1, height: 1 };
  for (const blue of axis) {
    for (const green of axis) {
      for (const red of axis) {
        const graded = rgbOf(gradePixel(colours, pixelOf([red, green, blue]), place));
        lines.push(graded.map((value) => Math.min(1, Math.max(0, value / 255)).toFixed(6)).join(' '));
      }
    }
  }
  return `${lines.join('\n')}\n`;
}
