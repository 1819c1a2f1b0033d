import { anyBuild, type Build } from './builds.ts';
import { exactClock } from './exact-time.ts';
import { type Case, type Check, type Side, verdict } from './judge-case.ts';
import { judgePicture } from './judge-picture.ts';
import { judgeRest } from './judge-rest.ts';
import { judgeSound } from './judge-sound.ts';
import { describe, listFrames, listPackets, streamsOf } from './probe.ts';

export type { Check } from './judge-case.ts';

/**
 * Says whether a film is an exact re-encoding of its recording: every frame and every packet of sound at its own time,
 * and everything else kept. It shares no code with the product: it asks ffprobe and ffmpeg, and reads boxes itself.
 * @returns all checks, in the order picture, sound, the rest
 * @throws when one of the files cannot be read at all
 */
export async function judge(recording: string, film: string, build: Build = anyBuild()): Promise<Check[]> {
  const [ours, theirs] = [await readSide(build, film), await readSide(build, recording)];
  const [video] = streamsOf(ours.description, 'video');
  const [source] = streamsOf(theirs.description, 'video');
  if (!video || !source)
    return [verdict('one picture track', false, `${source ? 'none in the film' : 'none in the recording'}`)];
  const clock = exactClock(
    [...ours.description.streams, ...theirs.description.streams].map((stream) => stream.time_base),
  );
  const [a, b] = [theirs.frames[0], ours.frames[0]];
  const shift = a && b ? clock.exact(b.pts, video.time_base) - clock.exact(a.pts, source.time_base) : 0n;
  const both: Case = { build, recording: theirs, film: ours, clock, shift };
  return [...(await judgePicture(both)), ...(await judgeSound(both)), ...(await judgeRest(both))];
}

/** @throws AssertionError that lists what is wrong with the film, with the check that fails on each line */
export async function assertExact(recording: string, film: string, build?: Build): Promise<void> {
  const checks = await judge(recording, film, build);
  const failed = checks.filter((check) => check.verdict === 'FAIL');
  if (failed.length === 0) return;
  const lines = failed.map(({ name, detail }) => `  ${name}${detail ? `: ${detail}` : ''}`);
  throw new Error(`${film}\nis no exact film of ${recording}:\n${lines.join('\n')}`);
}

async function readSide(build: Build, path: string): Promise<Side> {
  const description = await describe(build, path);
  const [video] = streamsOf(description, 'video');
  const [packets, frames] = await Promise.all([
    listPackets(build, path),
    video ? listFrames(build, path, video.index) : [],
  ]);
  return { path, description, packets, frames };
}
