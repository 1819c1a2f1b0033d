import type { Look } from '@dailies/contracts';
import { gradeChroma, gradeLuma, rgbOf, tbrOf } from './reference.ts';

const SIZE = 33;

/**
 * A look as a 3D LUT in the .cube format (Adobe, "Cube LUT Specification 1.0"): 33 points, RGB in and out from 0 to 1,
 * red changing fastest. A LUT knows colours and no places: bars and vignette are left out, and a tint only stays when it
 * is the same on both sides.
 */
export function toCube(look: Look): string {
  const { vignette, bars, splitTint, ...rest } = look;
  const sameTint = splitTint && splitTint.left.join() === splitTint.right.join() ? { splitTint } : {};
  const left: string[] = [...(vignette ? ['vignette'] : []), ...(bars ? ['bars'] : []), ...(splitTint && !('splitTint' in sameTint) ? ['split tint'] : [])];
  const colours: Look = { ...rest, ...sameTint };
  const lines = [`TITLE "Dailies ${look.name}"`, ...(left.length ? [`# Left out, because they depend on the place in the picture: ${left.join(', ')}`] : []), `LUT_3D_SIZE ${SIZE}`];
  const unit = (value: number): string => Math.min(1, Math.max(0, value / 255)).toFixed(6);
  for (let b = 0; b < SIZE; b++) {
    for (let g = 0; g < SIZE; g++) {
      for (let r = 0; r < SIZE; r++) {
        const pixel = tbrOf([(r * 255) / (SIZE - 1), (g * 255) / (SIZE - 1), (b * 255) / (SIZE - 1)]);
        const out = { t: gradeLuma(colours, pixel.t, 0, 0, 2, 2), ...gradeChroma(colours, pixel, 0, 0, 2, 2) };
        lines.push(rgbOf(out).map(unit).join(' '));
      }
    }
  }
  return `${lines.join('\n')}\n`;
}
