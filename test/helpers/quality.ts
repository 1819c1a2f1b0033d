import { type Build, mustRun } from './builds.ts';
import { listPackets } from './probe.ts';

export interface Quality {
  /** The smallest PSNR (dB, all planes) of the frames just before and just after a cut, and of all other frames; Infinity: identical. */
  readonly atCuts: number;
  readonly elsewhere: number;
  /** Of each frame in the order of showing. */
  readonly frames: readonly number[];
}

/**
 * How near a film is to a reference with the same frames, next to cuts and elsewhere. Frames are paired by number.
 * @param cuts PTS of the first frame after each cut, in ticks of the film's time base
 */
export async function psnrAtCuts(
  build: Build,
  reference: string,
  film: string,
  cuts: readonly number[],
): Promise<Quality> {
  const frames = await psnr(build, reference, film);
  const packets = (await listPackets(build, film)).filter((packet) => packet.stream === 0 && !packet.discard);
  const times = packets.flatMap((packet) => packet.pts ?? []).sort((a, b) => a - b);
  if (times.length !== frames.length)
    throw new Error(`${film} has ${times.length} frames, ${frames.length} were compared`);
  const near = new Set<number>();
  for (const cut of cuts) {
    const at = times.indexOf(cut);
    if (at < 1) throw new Error(`no frame after the first one is shown at ${cut}`);
    near.add(at - 1).add(at);
  }
  const smallest = (keep: (i: number) => boolean) => Math.min(...frames.filter((_, i) => keep(i)));
  return { atCuts: smallest((i) => near.has(i)), elsewhere: smallest((i) => !near.has(i)), frames };
}

/** PSNR of each frame in dB, by ffmpeg's filter of that name. */
async function psnr(build: Build, reference: string, film: string): Promise<number[]> {
  // The filter pairs frames by time; numbers in the place of times pair them by order, whatever the time bases are.
  const numbered = 'settb=1/1000,setpts=N';
  const graph = `[0:v:0]${numbered}[film];[1:v:0]${numbered}[reference];[film][reference]psnr=stats_file=-`;
  const args = ['-nostdin', '-v', 'error', '-i', film, '-i', reference, '-lavfi', graph, '-f', 'null', '-'];
  const output = (await mustRun(build.ffmpeg, args)).toString('latin1');
  return [...output.matchAll(/psnr_avg:(\S+)/g)].map(([, value]) =>
    value === 'inf' ? Number.POSITIVE_INFINITY : Number(value),
  );
}
