/**
 * The pipeline against ffmpeg on one clip: `npm run bench`. All figures come from one run on one machine, as ratios; times
 * are medians. Clip: 60 s of 720p at 30 frames/s with Jibri's encoding parameters.
 *
 * BENCH_CLIP: a recording of your own. BENCH_SECONDS: length of the one that is made. BENCH_RUNS: rounds (5).
 * BENCH_PLAIN=1 compares with plain ffmpeg alone, which is enough for long clips. BENCH_QUALITY=0 leaves sizes and PSNR
 * out. BENCH_KAFKA=1 adds the pipeline on Kafka, with a broker in a container (Docker) that has its topics and has served
 * one recording before, as one of an operator has.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTools } from '../packages/media/src/index.ts';
import { startBenchBroker } from './broker.ts';
import { makeClip } from './clip.ts';
import { measureKernel } from './kernel.ts';
import type { Measured } from './measure.ts';
import { compareQuality } from './quality.ts';
import { kernelLines, qualityLines, speedLines } from './table.ts';
import type { Setting, Way } from './way.ts';
import { dailies, dailiesOnKafka } from './ways/dailies.ts';
import { plain } from './ways/plain.ts';
import { usual } from './ways/usual.ts';

const RUNS = Number(process.env.BENCH_RUNS ?? 5);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 60);

const tools = await findTools(
  { ffmpegPath: process.env.FFMPEG_PATH, ffprobePath: process.env.FFPROBE_PATH },
  process.env.PATH ?? '',
);
const folder = await mkdtemp(join(tmpdir(), 'dailies-bench-'));
const broker = process.env.BENCH_KAFKA === '1' ? await startBenchBroker() : null;
try {
  const clip = process.env.BENCH_CLIP ?? join(folder, 'clip.mp4');
  if (!process.env.BENCH_CLIP) await makeClip(tools.ffmpeg, clip, SECONDS);
  await bench({ tools, clip, folder });
} finally {
  await broker?.stop();
  await rm(folder, { recursive: true, force: true });
}

async function bench(setting: Setting): Promise<void> {
  const pipeline = dailies(setting, 'Dailies, start to end, look `both`');
  // A slot is three programs that take turns: with two cores it would have them to itself.
  const oneSlot = dailies(setting, 'Dailies with one slot on one core', { WORKER_SLOTS: '1' }, ['taskset', '-c', '0']);
  const onKafka = broker ? [dailiesOnKafka(setting, 'Dailies on Kafka, broker beside it', broker)] : [];
  const others = [usual(setting), usual(setting, { tint: false }), oneSlot];
  const ways: readonly Way[] = [
    ...[pipeline, plain(setting)],
    ...(process.env.BENCH_PLAIN === '1' ? [] : others),
    ...onKafka,
  ];
  const all = new Map<Way, Measured[]>(ways.map((way) => [way, []]));
  // Once without counting: caches are warm from then on, and a broker has topics, groups and compiled code.
  for (const way of [pipeline, ...onKafka]) await way.run();
  // In turn, so that a machine that slows down slows all of them down.
  for (let run = 0; run < RUNS; run++) {
    for (const way of ways) {
      const measured = await way.run();
      all.get(way)?.push(measured);
      console.error(
        `${run + 1}/${RUNS} ${way.name}: ${measured.wallS.toFixed(1)} s, processor ${measured.cpuS.toFixed(1)} s`,
      );
    }
  }

  const kernel = await measureKernel();
  console.log(
    `ffmpeg ${tools.version}, ${cpus().length} cores, ${process.env.BENCH_CLIP ?? `${SECONDS} s of 1280x720 at 30 frames/s`}, medians of ${RUNS}\n`,
  );
  const rows = ways.map((way) => ({ name: way.name, runs: all.get(way) ?? [] }));
  for (const line of speedLines(rows)) console.log(line);
  if (process.env.BENCH_QUALITY !== '0')
    for (const line of qualityLines(await compareQuality(setting))) console.log(line);
  for (const line of kernelLines(kernel)) console.log(line);
}
