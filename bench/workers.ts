/**
 * What a second worker brings: `npm run bench:workers`. Real grading on Kafka, each service in a process of its own, by one
 * worker with one slot on one core, and by two of them on two cores, in turn; watcher, splitter, assembler and the broker
 * run beside them on the same cores, as on a server. Needs Docker and two cores.
 * Settings: BENCH_SECONDS (60) of 720p, BENCH_RUNS (3) rounds.
 */
import { mkdir, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openBus } from '@dailies/bus';
import { findTools } from '@dailies/media';
import { busFields, createLogger, followRecordings, libraryFields, loadConfig } from '@dailies/service';
import { openPlace, type Place } from '../test/chaos/processes.ts';
import { putIn } from '../test/chaos/sources.ts';
import { killStrays, straysOf } from '../test/chaos/strays.ts';
import type { ServiceName } from '../test/helpers/services.ts';
import { startBenchBroker } from './broker.ts';
import { makeClip } from './clip.ts';
import { watchFlow } from './fairness/watch.ts';
import { median } from './measure.ts';
import { onSignal } from './on-signal.ts';

const SECONDS = Number(process.env.BENCH_SECONDS ?? 60);
const RUNS = Number(process.env.BENCH_RUNS ?? 3);
/** Of real grading with two workers against one. */
const AIM = 1.8;

const folder = await realpath(await mkdtemp(join(tmpdir(), 'dailies-workers-')));
const recordings = join(folder, 'recordings');
await mkdir(recordings);
const broker = await startBenchBroker();
const settings = { RECORDINGS_DIR: recordings, KAFKA_BROKERS: broker.address };
const env = { ...process.env, ...settings, LOG_FORMAT: 'json', STABLE_MS: '100', QUIET_MS: '1000', WORKER_SLOTS: '1' };
const log = createLogger({ level: 'silent', format: 'json', preferText: false, color: false, write: () => {} });
const bus = await openBus(loadConfig([...libraryFields, ...busFields], { env: settings, argv: [] }), {
  clientId: 'bench',
  log,
});
const places = new Set<Place>();
const start = (service: ServiceName, name: string, before: readonly string[] = []): Place => {
  const onOwnEnd = (): void => console.error(`${name} ended by itself`);
  const place = openPlace({ name, service, env, before, log: join(folder, `${name}.log`), onOwnEnd });
  places.add(place);
  return place;
};
const close = async (): Promise<void> => {
  for (const place of places) place.destroy();
  killStrays(await straysOf(recordings));
  await bus.close();
  await broker.stop();
  await rm(folder, { recursive: true, force: true });
};
onSignal(close);
try {
  const view = await followRecordings(bus, log);
  const flow = watchFlow(view);
  const { ffmpeg } = await findTools(
    { ffmpegPath: process.env.FFMPEG_PATH, ffprobePath: process.env.FFPROBE_PATH },
    process.env.PATH ?? '',
  );
  const clip = join(folder, 'clip.mp4');
  await makeClip(ffmpeg, clip, SECONDS);
  for (const service of ['ingest-watcher', 'frame-splitter', 'assembler'] as const) start(service, service);

  /** From the splitter's first word to the last batch stored, and the film made before the next begins. */
  const timeOf = async (path: string): Promise<number> => {
    await putIn(recordings, clip, path);
    while ((view.byPath(path)?.foundAt ?? null) === null) await view.changed();
    const from = performance.now();
    const until = await flow.stored(path);
    while (view.byPath(path)?.state !== 'finished') await view.changed();
    return (until - from) / 1000;
  };
  const atWork = async (place: Place): Promise<void> => {
    while (!(await readFile(place.log, 'utf8')).includes('"msg":"at work"')) await sleep(50);
  };
  const withWorkers = async (count: number, round: number): Promise<number> => {
    const workers = Array.from({ length: count }, (_, core) =>
      start('filter-worker', `worker-${count}-${round}-${core}`, ['taskset', '-c', String(core)]),
    );
    await Promise.all(workers.map(atWork));
    const took = await timeOf(`${count}-${round}.mp4`);
    await Promise.all(workers.map((worker) => worker.end()));
    console.error(`${count} ${count === 1 ? 'worker' : 'workers'}: ${took.toFixed(1)} s`);
    return took;
  };
  // Once without counting: the broker has topics, groups and compiled code from then on.
  await withWorkers(2, 0);
  const [one, two]: [number[], number[]] = [[], []];
  for (let round = 1; round <= RUNS; round++) {
    one.push(await withWorkers(1, round));
    two.push(await withWorkers(2, round));
  }
  const ratio = median(one.map((took, round) => took / (two[round] ?? Number.NaN)));
  console.log(
    `${SECONDS} s of 720p on Kafka, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}, medians of ${RUNS}: one worker ${median(one).toFixed(1)} s, two workers ${median(two).toFixed(1)} s: ${ratio.toFixed(2)}x (aim ${AIM}x).`,
  );
} finally {
  await close();
}
process.exit();
