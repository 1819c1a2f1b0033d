import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findLook, toCube } from '../../packages/grade/src/index.ts';
import { measure } from '../measure.ts';
import { type Setting, type Way, X264 } from '../way.ts';

/**
 * ffmpeg's own filters for the default look: what a LUT holds of it as a .cube, then the tint as half-transparent boxes,
 * vignette and bars.
 */
export function usualFilters(folder: string, { tint }: { readonly tint: boolean } = { tint: true }): string {
  const look = findLook('both');
  const cube = join(folder, 'both.cube');
  writeFileSync(cube, toCube(look));
  const bar = (y: string): string => `drawbox=0:${y}:iw:ih*0.12:black:fill`;
  const shade = [...(tint ? tints(look) : []), `vignette=angle=${vignetteAngle(look).toFixed(3)}`];
  return [`lut3d=${cube}`, ...shade, bar('0'), bar('ih*0.88'), 'format=yuv420p'].join(',');
}

/** ffmpeg's vignette is cos⁴(angle · distance from the middle), 1 in the corners: as dark there as ours (vf_vignette.c). */
function vignetteAngle({ vignette }: ReturnType<typeof findLook>): number {
  if (!vignette) return 0;
  const { sigma, strength } = vignette;
  const corner = 1 - strength + strength * Math.exp(-((0.5 / sigma) ** 2));
  return Math.acos(corner ** 0.25);
}

function tints({ splitTint }: ReturnType<typeof findLook>): string[] {
  if (!splitTint) return [];
  const { alpha, left, right } = splitTint;
  const colour = (rgb: readonly number[]): string =>
    `0x${rgb.map((value) => value.toString(16).padStart(2, '0')).join('')}@${alpha}`;
  return [`drawbox=0:0:iw/2:ih:${colour(left)}:fill`, `drawbox=iw/2:0:iw/2:ih:${colour(right)}:fill`];
}

/** What a user would type for the same picture, or without the tint, which one LUT cannot hold. The vignette dithers, as it does
 * by default. */
export function usual({ tools, clip, folder }: Setting, options: { readonly tint: boolean } = { tint: true }): Way {
  const film = join(folder, `usual-${options.tint}.mp4`);
  const filters = usualFilters(folder, options);
  const input = ['-nostdin', '-v', 'error', '-y', '-i', clip, '-vf', filters];
  return {
    name: `(b) ffmpeg with lut3d, ${options.tint ? 'tint, ' : ''}vignette, drawbox`,
    run: () => measure([tools.ffmpeg, ...input, ...X264, '-c:a', 'copy', film]),
    film: () => film,
  };
}
