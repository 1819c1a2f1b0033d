import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { beforeAfter } from '@dailies/grade';

const run = promisify(execFile);
const SIZE = { width: 1280, height: 720 };

/** One frame as I420, tightly packed. */
async function frameAt(ffmpeg: string, file: string, seconds: number): Promise<Uint8Array> {
  const { stdout } = await run(
    ffmpeg,
    [
      '-nostdin',
      '-v',
      'error',
      '-ss',
      String(seconds),
      '-i',
      file,
      '-frames:v',
      '1',
      '-f',
      'rawvideo',
      '-pix_fmt',
      'yuv420p',
      'pipe:1',
    ],
    { encoding: 'buffer', maxBuffer: 64 << 20 },
  );
  return stdout;
}

/** The same frame of a recording and of its film, side by side, as PNG. */
export async function writeBeforeAfter(
  ffmpeg: string,
  recording: string,
  film: string,
  seconds: number,
  png: string,
): Promise<void> {
  const before = await frameAt(ffmpeg, recording, seconds);
  const after = await frameAt(ffmpeg, film, seconds);
  await writeFile(png, await beforeAfter(before, after, SIZE.width, SIZE.height));
}
