import { copyFile, mkdir, rename, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AAC, h264, picture, sound } from '../fixtures/sources.ts';
import { anyBuild, mustRun, passthroughArguments } from '../helpers/builds.ts';

/** Small recordings of many batches: 320x180, 15 frames a second, a keyframe each second. */
const SECONDS = 12;
const KINDS: Readonly<Record<string, { readonly filters: readonly string[]; readonly video: readonly string[] }>> = {
  plain: { filters: [], video: h264(15, '-bf', '0') },
  bframes: { filters: [], video: h264(15, '-bf', '2') },
  // Every 7th frame comes later, so that times of neighbouring batches do not follow from each other.
  variable: { filters: ['settb=1/90000', "setpts='N*6000+floor(N/7)*1990'"], video: h264(15, '-bf', '0') },
  // Its packets need their container, so it is decoded and encoded again to be cut: what is sent after a restart of the
  // splitter has to go with what was sent before.
  decoded: { filters: [], video: ['-c:v', 'png'] },
};

/** Makes one recording of each kind. @returns their files */
export async function makeSources(folder: string): Promise<string[]> {
  const { ffmpeg } = anyBuild();
  const passthrough = await passthroughArguments(ffmpeg);
  const files: string[] = [];
  await mkdir(folder, { recursive: true });
  for (const [name, { filters, video }] of Object.entries(KINDS)) {
    const file = join(folder, `${name}.mp4`);
    const inputs = [...picture({ seconds: SECONDS, rate: '15', filters }), ...sound({ seconds: SECONDS })];
    const ticks = ['-enc_time_base', '-1', '-video_track_timescale', '90000'];
    const output = [...passthrough, ...ticks, ...video, ...AAC, file];
    await mustRun(ffmpeg, ['-hide_banner', '-nostdin', '-v', 'error', '-y', ...inputs, ...output]);
    files.push(file);
  }
  return files;
}

/** Puts a copy in, whole at once and dated long ago, so that it is known to be finished. */
export async function putIn(recordings: string, source: string, path: string): Promise<void> {
  const target = join(recordings, path);
  const aside = `${source}.copy`;
  await copyFile(source, aside);
  const old = new Date(Date.now() - 3_600_000);
  await utimes(aside, old, old);
  await mkdir(dirname(target), { recursive: true });
  await rename(aside, target);
}
