import type { Picture } from '@dailies/contracts';
import type { ProbedStream } from './ffprobe.ts';

/** How a coded picture is shown: turned clockwise, and then mirrored, left for right. */
export type Display = Pick<Picture, 'rotation' | 'mirror'>;

/**
 * Reads the display matrix of a picture track. ffprobe's `rotation` alone does not tell a mirror image from a turned one:
 * the angle of one that is mirrored is -180, and that of one upside down 0.
 */
export function displayOf(video: ProbedStream): Display {
  const side = video.side_data_list?.find((found) => found.displaymatrix !== undefined || found.rotation !== undefined);
  const [a, b, , c, d] = matrixOf(side?.displaymatrix) ?? [];
  if (a !== undefined && b !== undefined && c !== undefined && d !== undefined && a * d !== b * c) {
    const mirror = a * d < b * c;
    const [wide, high] = [Math.hypot(a, c), Math.hypot(b, d)];
    return { rotation: quarter((Math.atan2(b / high, (mirror ? -a : a) / wide) * 180) / Math.PI), mirror };
  }
  // The angle is counter-clockwise; old files have a `rotate` tag, clockwise.
  return { rotation: quarter(side ? -Number(side.rotation) : Number(video.tags?.rotate ?? 0)), mirror: false };
}

/**
 * ffprobe prints a matrix as lines of an address and three numbers: a b u, c d v, x y w. A point (x, y) of the coded picture
 * is shown at (ax + cy, bx + dy) (ISO/IEC 14496-12, 8.3.2).
 */
function matrixOf(text: unknown): number[] | null {
  if (typeof text !== 'string') return null;
  const numbers = text.split('\n').flatMap((line) => line.replace(/^[0-9a-f]+:/i, '').match(/-?\d+/g) ?? []);
  return numbers.length === 9 ? numbers.map(Number) : null;
}

/** The nearest quarter turn; none when there is no angle. */
function quarter(clockwise: number): Picture['rotation'] {
  const turned = (((Math.round(clockwise / 90) * 90) % 360) + 360) % 360;
  return turned === 90 || turned === 180 || turned === 270 ? turned : 0;
}
