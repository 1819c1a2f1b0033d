import sharp from 'sharp';
import { rgbOf } from './reference.ts';

/** A frame (I420, limited range, BT.709) as 8-bit RGB, interleaved. */
export function toRgb(frame: Uint8Array, width: number, height: number): Uint8Array {
  const rgb = new Uint8ClampedArray(width * height * 3);
  const cw = Math.ceil(width / 2);
  const cb = width * height;
  const cr = cb + cw * Math.ceil(height / 2);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 3) {
      const c = (y >> 1) * cw + (x >> 1);
      const [r, g, b] = rgbOf({ t: ((frame[y * width + x] as number) - 16) / 219, b: (frame[cb + c] as number) - 128, r: (frame[cr + c] as number) - 128 });
      rgb[i] = r;
      rgb[i + 1] = g;
      rgb[i + 2] = b;
    }
  }
  return new Uint8Array(rgb.buffer);
}

/** A frame as PNG. */
export function frameToPng(frame: Uint8Array, width: number, height: number): Promise<Buffer> {
  return sharp(toRgb(frame, width, height), { raw: { width, height, channels: 3 } }).png().toBuffer();
}

/** Two frames of one size side by side, with a gap: what a look does, at a glance. */
export async function beforeAfter(before: Uint8Array, after: Uint8Array, width: number, height: number): Promise<Buffer> {
  const gap = 8;
  const raw = { width, height, channels: 3 as const };
  return sharp({ create: { width: 2 * width + gap, height, channels: 3, background: '#ffffff' } })
    .composite([
      { input: Buffer.from(toRgb(before, width, height)), raw, left: 0, top: 0 },
      { input: Buffer.from(toRgb(after, width, height)), raw, left: width + gap, top: 0 },
    ])
    .png()
    .toBuffer();
}
