import { DailiesError, type Look } from '@dailies/contracts';
import type { Metadata, Sharp } from 'sharp';
import { gradeRgb, isIdentity } from './reference.ts';

export type ImageFormat = 'jpeg' | 'png' | 'webp';

/** 100 megapixels: a decoded image takes four to eight bytes for each. */
const MAX_PIXELS = 100_000_000;
/** Lossy formats are encoded once more; at this quality that cannot be seen. */
const QUALITY = 92;

/**
 * Grades an image with the reference itself: the same bytes give the same bytes. Upright as its EXIF orientation says, of
 * the same format and depth; alpha, EXIF, XMP and the colour profile are kept (the profile of grey and CMYK images is not:
 * they become sRGB). All pictures of an animation are graded.
 * @param options.maxPixels of all pictures of the image together
 * @returns the encoded image; `bytes` themselves when the look changes nothing
 * @throws DailiesError IMAGE_FAILED: damaged, too large, or not of the format that it is said to be
 */
export async function gradeImage(
  bytes: Uint8Array,
  look: Look,
  options: { format: ImageFormat; maxPixels?: number },
): Promise<Uint8Array> {
  // Loaded with the first image: recordings do without it, in each thread.
  const { default: sharp } = await import('sharp');
  try {
    const limitInputPixels = options.maxPixels ?? MAX_PIXELS;
    const open = (): Sharp => sharp(bytes, { limitInputPixels, failOn: 'error', animated: options.format === 'webp' });
    const meta = await open().metadata();
    if (meta.format !== options.format)
      throw new Error(`it is a ${meta.format} image, not ${options.format} as its name says`);
    const graded = await gradedPixels(prepared(open(), meta), meta, look);
    // It can be decoded, and nothing is to be changed: not even what another encoding would change.
    if (isIdentity(look)) return bytes;
    // The original, emptied and filled again: so what else is in the file stays with it.
    const filled = prepared(open(), meta)
      .linear(0, 0)
      .boolean(graded.data as Buffer, 'or', { raw: graded.raw });
    return await encoded(filled, meta, options.format).toBuffer();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.trim().split('\n').at(-1) : String(cause);
    throw new DailiesError('IMAGE_FAILED', `The image cannot be graded: ${reason}.`, { cause });
  }
}

const isDeep = (meta: Metadata): boolean => meta.depth === 'ushort';
const isRgb = (meta: Metadata): boolean => meta.space === 'srgb' || meta.space === 'rgb16' || meta.space === 'rgb';

/** Upright RGB or RGBA, in the colour space of the image's own profile when it has one. */
function prepared(image: Sharp, meta: Metadata): Sharp {
  const space = isDeep(meta) ? 'rgb16' : 'srgb';
  const upright = (meta.pages ?? 1) > 1 ? image : image.autoOrient();
  const kept = isRgb(meta) ? upright.keepMetadata() : upright.keepExif().keepXmp().pipelineColourspace(space);
  return kept.toColourspace(space);
}

async function gradedPixels(image: Sharp, meta: Metadata, look: Look) {
  const { data, info } = await image
    .raw({ depth: isDeep(meta) ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const channels = info.channels === 4 ? 4 : 3;
  const pixels = isDeep(meta)
    ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const pages = meta.pages ?? 1;
  const pageHeight = height / pages;
  for (let page = 0; page < pages; page++) {
    const size = width * pageHeight * channels;
    gradeRgb(
      pixels.subarray(page * size, (page + 1) * size),
      { width, height: pageHeight, channels, white: isDeep(meta) ? 65535 : 255 },
      look,
    );
  }
  return { data: pixels, raw: { width, height, channels } as const };
}

function encoded(image: Sharp, meta: Metadata, format: ImageFormat): Sharp {
  if (format === 'png') return image.png();
  if (format === 'webp') return image.webp({ quality: QUALITY, smartSubsample: true });
  return image.jpeg({
    quality: QUALITY,
    chromaSubsampling: meta.chromaSubsampling === '4:2:0' ? '4:2:0' : '4:4:4',
    progressive: meta.isProgressive ?? false,
  });
}
