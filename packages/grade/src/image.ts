import { DailiesError, type Look } from '@dailies/contracts';
import sharp from 'sharp';
import { isIdentity } from './looks.ts';
import { barRows, gradeChroma, gradeLuma, rgbOf, tbrOf } from './reference.ts';

export type ImageFormat = 'jpeg' | 'png' | 'webp';

/** 100 megapixels: a decoded image takes four bytes for each. */
const MAX_PIXELS = 100_000_000;

/**
 * Grades an image: the reference itself, pixel by pixel. Upright as its EXIF orientation says; alpha, colour profile and
 * metadata are kept.
 * @throws DailiesError IMAGE_FAILED
 */
export async function gradeImage(bytes: Uint8Array, look: Look, options: { format: ImageFormat }): Promise<Uint8Array> {
  try {
    const input = sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'error' });
    const { format } = await input.metadata();
    if (format !== options.format) throw new Error(`it is ${format}, not ${options.format} as its name says`);
    const { data, info } = await input.autoOrient().keepMetadata().ensureAlpha().raw().toBuffer({ resolveWithObject: true });
    if (!isIdentity(look)) gradeRgba(data, info.width, info.height, look);
    const hasAlpha = (await sharp(bytes).metadata()).hasAlpha;
    const raw = { width: info.width, height: info.height, channels: 4 as const };
    const out = sharp(data, { raw });
    const from = await sharp(bytes).metadata();
    const kept = hasAlpha ? out : out.removeAlpha();
    const tagged = from.icc ? kept.withMetadata({}) : kept;
    if (options.format === 'jpeg') return await tagged.jpeg({ quality: 92, chromaSubsampling: '4:4:4' }).toBuffer();
    if (options.format === 'png') return await tagged.png().toBuffer();
    return await tagged.webp({ quality: 92 }).toBuffer();
  } catch (cause) {
    throw new DailiesError('IMAGE_FAILED', `The image could not be graded: ${cause instanceof Error ? cause.message.split('\n')[0] : cause}`, { cause });
  }
}

/** Interleaved 8-bit RGBA, in place. */
function gradeRgba(pixels: Buffer, width: number, height: number, look: Look): void {
  const bar = barRows(look, height);
  const clamp = (value: number): number => Math.min(255, Math.max(0, Math.round(value)));
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 4) {
      if (y < bar || y >= height - bar) {
        pixels[i] = 0;
        pixels[i + 1] = 0;
        pixels[i + 2] = 0;
        continue;
      }
      const pixel = tbrOf([pixels[i] as number, pixels[i + 1] as number, pixels[i + 2] as number]);
      const [r, g, b] = rgbOf({ t: gradeLuma(look, pixel.t, x, y, width, height), ...gradeChroma(look, pixel, x, y, width, height) });
      pixels[i] = clamp(r);
      pixels[i + 1] = clamp(g);
      pixels[i + 2] = clamp(b);
    }
  }
}
