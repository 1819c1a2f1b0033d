import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { Picture } from '@dailies/contracts';
import { decodeFilters, timeBaseAfter } from '../../packages/media/src/picture.ts';
import { presentBuilds } from '../helpers/builds.ts';

const run = promisify(execFile);
const FRAMES = 3;

const pictureOf = (width: number, height: number): Picture => ({
  ...{ codec: 'ffv1', width, height, pixelFormat: 'yuv420p', rotation: 0, mirror: false },
  ...{ sampleAspect: { num: 1, den: 1 }, frameRate: 30 },
  color: { range: null, space: null, primaries: null, transfer: null },
  ...{ filmWidth: width + (width % 2), filmHeight: height + (height % 2) },
});

/** Frames of noise as they come out of these filters: luma and both planes of chroma, one after another. */
async function decoded(
  ffmpeg: string,
  width: number,
  height: number,
  filters: string,
  timeBase = '-1',
): Promise<Buffer> {
  const noise = `testsrc2=s=320x180:r=30,scale=${width}:${height},format=yuv420p,noise=alls=30`;
  const input = ['-v', 'error', '-nostdin', '-f', 'lavfi', '-i', noise, '-vf', filters];
  const { stdout } = await run(
    ffmpeg,
    [...input, '-enc_time_base', timeBase, '-frames:v', String(FRAMES), '-f', 'rawvideo', '-'],
    {
      encoding: 'buffer',
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  return stdout;
}

for (const build of presentBuilds()) {
  for (const [width, height] of [
    [321, 181],
    [321, 180],
    [320, 181],
  ] as const) {
    // ffmpeg's `pad` blackened the last column or row of the picture itself.
    test(`${build.name}: the last column and row of ${width}x${height} are repeated, all else is as it was`, async () => {
      const picture = pictureOf(width, height);
      const { filmWidth, filmHeight } = picture;
      const chroma = (filmWidth / 2) * (filmHeight / 2) * 2;
      const before = await decoded(build.ffmpeg, width, height, 'null');
      for (const otherSizes of ['refused', 'fitted'] as const) {
        // Builds since 7 refuse -1 after these filters.
        const timeBase = timeBaseAfter(picture, { num: 1, den: 30 });
        const after = await decoded(build.ffmpeg, width, height, decodeFilters(picture, otherSizes), timeBase);
        assert.equal(after.length, FRAMES * (filmWidth * filmHeight + chroma));
        for (let frame = 0; frame < FRAMES; frame++) {
          const from = before.subarray(frame * (width * height + chroma));
          const to = after.subarray(frame * (filmWidth * filmHeight + chroma));
          for (let y = 0; y < filmHeight; y++) {
            const row = from.subarray(Math.min(y, height - 1) * width).subarray(0, width);
            const wanted = filmWidth > width ? Buffer.concat([row, row.subarray(width - 1)]) : row;
            assert.ok(wanted.equals(to.subarray(y * filmWidth, (y + 1) * filmWidth)), `${otherSizes}, row ${y}`);
          }
          const [old, now] = [from.subarray(width * height), to.subarray(filmWidth * filmHeight)];
          assert.ok(old.subarray(0, chroma).equals(now.subarray(0, chroma)), `${otherSizes}, chroma`);
        }
      }
    });
  }
}
