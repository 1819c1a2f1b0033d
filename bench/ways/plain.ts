import { join } from 'node:path';
import { measure } from '../measure.ts';
import { type Setting, type Way, X264 } from '../way.ts';

/** The practical limit: ffmpeg decodes and encodes with the same settings, and does nothing to the picture. */
export function plain({ tools, clip, folder }: Setting): Way {
  const film = join(folder, 'plain.mp4');
  return {
    name: '(a) ffmpeg, decode and encode, no filter',
    run: () => measure([tools.ffmpeg, '-nostdin', '-v', 'error', '-y', '-i', clip, ...X264, '-c:a', 'copy', film]),
    film: () => film,
  };
}
