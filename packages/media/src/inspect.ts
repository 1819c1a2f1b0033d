import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { DailiesError, type Kind, MAX_IMAGE_BYTES } from '@dailies/contracts';
import { type Limits, readSource } from './source.ts';
import type { FfmpegTools } from './tools.ts';

/** First bytes of the image formats that are graded, as Latin-1, by extension. WebP: `RIFF`, four bytes of size, `WEBP`. */
const IMAGES: Readonly<Record<string, RegExp>> = {
  '.jpg': /^\xff\xd8\xff/,
  '.jpeg': /^\xff\xd8\xff/,
  '.png': /^\x89PNG\r\n/,
  '.webp': /^RIFF[\s\S]{4}WEBP/,
};

/**
 * Makes the function by which a found file is judged before it is announced: a recording is probed, an image is known by
 * its first bytes (it is decoded whole when it is graded).
 * @returns throws DailiesError RECORDING_* as `readSource` does; IMAGE_FAILED, BATCH_TOO_LARGE for images
 */
export function inspectRecording(
  tools: FfmpegTools,
  limits: Limits,
): (file: string, signal: AbortSignal) => Promise<{ kind: Kind; durationMs: number }> {
  return async (file, signal) => {
    const image = IMAGES[extname(file).toLowerCase()];
    if (!image) return { kind: 'video', durationMs: (await readSource(tools, file, limits, signal)).durationMs };
    await inspectImage(file, image);
    return { kind: 'image', durationMs: 0 };
  };
}

async function inspectImage(file: string, form: RegExp): Promise<void> {
  const handle = await open(file, 'r').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') throw new DailiesError('RECORDING_GONE', 'The file is not there any more.', { cause });
    throw cause;
  });
  try {
    const { size } = await handle.stat();
    if (size === 0) throw new DailiesError('RECORDING_EMPTY', 'The file has zero bytes.');
    if (size > MAX_IMAGE_BYTES) {
      throw new DailiesError(
        'BATCH_TOO_LARGE',
        `The image has ${size} bytes; an image travels whole, and a message holds ${MAX_IMAGE_BYTES}.`,
      );
    }
    const head = Buffer.alloc(12);
    await handle.read(head, 0, head.length, 0);
    if (!form.test(head.toString('latin1')))
      throw new DailiesError(
        'IMAGE_FAILED',
        `The file is not the ${extname(file).slice(1).toLowerCase()} image that its name says.`,
      );
  } finally {
    await handle.close();
  }
}
