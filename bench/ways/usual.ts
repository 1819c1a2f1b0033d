import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findLook, toCube } from '../../packages/grade/src/index.ts';
import { measure } from '../measure.ts';
import { type Setting, type Way, X264 } from '../way.ts';

/**
 * ffmpeg's own filters for the default look: what a LUT holds of it as a .cube, then vignette and bars. Without the tint,
 * which differs left and right and would cost one more filter.
 */
export function usualFilters(folder: string): string {
  const cube = join(folder, 'both.cube');
  writeFileSync(cube, toCube(findLook('both')));
  const bar = (y: string): string => `drawbox=0:${y}:iw:ih*0.12:black:fill`;
  return [`lut3d=${cube}`, 'vignette', bar('0'), bar('ih*0.88'), 'format=yuv420p'].join(',');
}

/** What a user would type. */
export function usual({ tools, clip, folder }: Setting): Way {
  const film = join(folder, 'usual.mp4');
  const filters = usualFilters(folder);
  const input = ['-nostdin', '-v', 'error', '-y', '-i', clip, '-vf', filters];
  return {
    name: '(b) ffmpeg with lut3d, vignette, drawbox',
    run: () => measure([tools.ffmpeg, ...input, ...X264, '-c:a', 'copy', film]),
    film: () => film,
  };
}
