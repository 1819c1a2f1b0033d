/**
 * Does memory grow with the length of a recording? `npm run bench:memory`: the largest sum of the resident memory of all
 * processes for 3, 20 and 60 minutes of the same pictures (looped without encoding, so that all are alike).
 *
 * BENCH_MINUTES: the lengths (3,20,60: a run of 3 minutes ends before everything is warm). BENCH_SIZE: the picture (640x360).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTools } from '../packages/media/src/index.ts';
import { loopClip, makeClip } from './clip.ts';
import { dailies } from './ways/dailies.ts';

const MINUTES = (process.env.BENCH_MINUTES ?? '3,20,60').split(',').map(Number);
const SIZE = process.env.BENCH_SIZE ?? '640x360';
const FRAMES_A_MINUTE = 1800;
/** What grows with the length does not depend on how hard x264 tries. */
const QUICK = { PRESET: 'ultrafast' };

const tools = await findTools(
  { ffmpegPath: process.env.FFMPEG_PATH, ffprobePath: process.env.FFPROBE_PATH },
  process.env.PATH ?? '',
);
const folder = await mkdtemp(join(tmpdir(), 'dailies-bench-memory-'));
try {
  const minute = join(folder, 'minute.mp4');
  await makeClip(tools.ffmpeg, minute, 60, SIZE);
  console.log('| recording | wall s | peak memory MB |\n|---|---|---|');
  const peaks: { minutes: number; bytes: number }[] = [];
  for (const minutes of MINUTES) {
    const clip = join(folder, `${minutes}.mp4`);
    await loopClip(tools.ffmpeg, minute, clip, minutes);
    const { wallS, peakBytes } = await dailies({ tools, clip, folder }, `${minutes}`, QUICK).run();
    peaks.push({ minutes, bytes: peakBytes });
    console.log(`| ${minutes} min of ${SIZE} | ${wallS.toFixed(0)} | ${(peakBytes / 1e6).toFixed(0)} |`);
    await rm(clip);
  }
  const [before, last] = [peaks.at(-2), peaks.at(-1)];
  if (before && last) {
    const more = (last.bytes - before.bytes) / ((last.minutes - before.minutes) * FRAMES_A_MINUTE);
    console.log(
      `\n${more.toFixed(0)} bytes for each frame that ${last.minutes} minutes have more than ${before.minutes}.`,
    );
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
