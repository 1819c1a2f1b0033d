import { rgbOf } from './colour.ts';

/** White pixels between two pictures. */
const GAP = 8;

/**
 * A frame (8-bit limited-range I420, BT.709, tightly packed) as interleaved 8-bit RGB. Chroma is interpolated between its
 * samples, which H.264 and HEVC place at even columns and midway between two rows (chroma sample location type 0).
 */
export function toRgb(frame: Uint8Array, width: number, height: number): Uint8ClampedArray {
  const rgb = new Uint8ClampedArray(width * height * 3);
  const chromaWidth = Math.ceil(width / 2);
  const chromaHeight = Math.ceil(height / 2);
  const cb = width * height;
  const cr = cb + chromaWidth * chromaHeight;
  for (let y = 0, i = 0; y < height; y++) {
    const near = (y >> 1) * chromaWidth;
    const far = Math.min(chromaHeight - 1, Math.max(0, (y >> 1) + (y % 2 ? 1 : -1))) * chromaWidth;
    for (let x = 0; x < width; x++, i += 3) {
      const left = x >> 1;
      const right = Math.min(chromaWidth - 1, (x + 1) >> 1);
      const chroma = (plane: number): number => {
        const column = (c: number): number =>
          0.75 * (frame[plane + near + c] as number) + 0.25 * (frame[plane + far + c] as number);
        return (column(left) + column(right)) / 2 - 128;
      };
      // Rounded and clipped by the array.
      rgb.set(rgbOf({ t: ((frame[y * width + x] as number) - 16) / 219, b: chroma(cb), r: chroma(cr) }), i);
    }
  }
  return rgb;
}

/** A frame (as `toRgb` takes it) as a PNG. */
export async function frameToPng(frame: Uint8Array, width: number, height: number): Promise<Buffer> {
  const { default: sharp } = await import('sharp');
  return sharp(toRgb(frame, width, height), { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

/**
 * Two frames of one size side by side, as a PNG: what a look does, at a glance. Side by side and not halves of one picture,
 * because the halves of a look may differ.
 */
export async function beforeAfter(
  before: Uint8Array,
  after: Uint8Array,
  width: number,
  height: number,
): Promise<Buffer> {
  const { default: sharp } = await import('sharp');
  const raw = { width, height, channels: 3 as const };
  const half = (frame: Uint8Array, left: number) => ({
    input: Buffer.from(toRgb(frame, width, height).buffer),
    raw,
    left,
    top: 0,
  });
  return sharp({ create: { width: 2 * width + GAP, height, channels: 3, background: '#ffffff' } })
    .composite([half(before, 0), half(after, width + GAP)])
    .removeAlpha()
    .png()
    .toBuffer();
}
