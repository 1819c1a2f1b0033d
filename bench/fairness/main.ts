/**
 * Whether a short recording waits behind a long one: `npm run bench:fairness`. A 2-minute recording goes through alone, and
 * another time while a 60-minute one is under way. Watcher and splitter are the real ones, with real recordings (160x90);
 * the four worker slots only wait (WAIT_MS, 1000), and nothing is joined, so that the cores of this machine play no part.
 * Settings: BUS (sqlite or kafka), WAIT_MS, LONG_MINUTES (60).
 */
import { mkdir, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBus } from '@dailies/bus';
import { busFields, createLogger, followRecordings, libraryFields, loadConfig } from '@dailies/service';
import { openPlace } from '../../test/chaos/processes.ts';
import { putIn } from '../../test/chaos/sources.ts';
import { killStrays, straysOf } from '../../test/chaos/strays.ts';
import { AAC, h264, picture, sound } from '../../test/fixtures/sources.ts';
import { anyBuild, mustRun } from '../../test/helpers/builds.ts';
import { startBroker } from '../../test/helpers/kafka.ts';
import { onSignal } from '../on-signal.ts';
import { forgettingAssembler, waitingWorkers } from './stand-ins.ts';
import { watchFlow } from './watch.ts';

const WAIT_MS = Number(process.env.WAIT_MS ?? 1000);
const LONG_MINUTES = Number(process.env.LONG_MINUTES ?? 60);
const SHORT_MINUTES = 2;
const SLOTS = 4;
/** The defaults of the splitter. */
const WINDOW = 12;
/** The long one is well under way when it has so many batches stored. */
const UNDER_WAY = 2 * WINDOW;
const TIMES = 3;
const LIMIT = 3;

async function makeSources(folder: string): Promise<{ short: string; long: string }> {
  const { ffmpeg } = anyBuild();
  const [short, long] = [join(folder, 'short.mp4'), join(folder, 'long.mp4')];
  const seconds = SHORT_MINUTES * 60;
  const inputs = [...picture({ seconds, rate: '10', width: 160, height: 90 }), ...sound({ seconds })];
  await mkdir(folder, { recursive: true });
  const quiet = ['-hide_banner', '-nostdin', '-v', 'error', '-y'];
  await mustRun(ffmpeg, [...quiet, ...inputs, ...h264(40, '-bf', '0'), ...AAC, short]);
  const loops = String(Math.round(LONG_MINUTES / SHORT_MINUTES) - 1);
  await mustRun(ffmpeg, [...quiet, '-stream_loop', loops, '-i', short, '-c', 'copy', long]);
  return { short, long };
}

async function main(): Promise<number> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'dailies-fairness-')));
  const recordings = join(folder, 'recordings');
  await mkdir(recordings);
  const broker = process.env.BUS === 'kafka' ? await startBroker() : null;
  const settings = { RECORDINGS_DIR: recordings, ...(broker ? { KAFKA_BROKERS: broker.address } : {}) };
  const log = createLogger({ level: 'silent', format: 'json', preferText: false, color: false, write: () => {} });
  const config = loadConfig([...libraryFields, ...busFields], { env: settings, argv: [] });
  const bus = await openBus(config, { clientId: 'bench', log });
  const view = await followRecordings(bus, log);
  const flow = watchFlow(view);
  const env = { ...process.env, ...settings, LOG_FORMAT: 'json', STABLE_MS: '100', QUIET_MS: '1000' };
  const places = (['ingest-watcher', 'frame-splitter'] as const).map((service) =>
    openPlace({
      ...{ name: service, service, env, log: join(folder, `${service}.log`) },
      onOwnEnd: ({ name, exit }) => console.error(`${name} ended by itself with ${exit}`),
    }),
  );
  const close = async (): Promise<void> => {
    for (const place of places) place.destroy();
    killStrays(await straysOf(recordings));
    await bus.close();
    await broker?.stop();
    await rm(folder, { recursive: true, force: true });
  };
  onSignal(close);
  try {
    const { short, long } = await makeSources(join(folder, 'sources'));
    await waitingWorkers(bus, SLOTS, WAIT_MS);
    await forgettingAssembler(bus);
    /** From the splitter's first word to the last batch stored: start-up and the quiet time of files play no part. */
    const timeOf = async (path: string): Promise<number> => {
      await putIn(recordings, short, path);
      while ((view.byPath(path)?.foundAt ?? null) === null) await view.changed();
      const from = performance.now();
      return (await flow.stored(path)) - from;
    };
    const seconds = (ms: number): string => (ms / 1000).toFixed(1);
    await timeOf('warm-up.mp4');
    const alone = await timeOf('alone.mp4');
    console.error(`alone: ${seconds(alone)} s`);
    await putIn(recordings, long, 'long.mp4');
    await flow.begun('long.mp4', UNDER_WAY);
    const behind: number[] = [];
    for (let i = 0; i < TIMES; i++) {
      behind.push(await timeOf(`behind-${i}.mp4`));
      console.error(`behind the long one: ${seconds(behind[i] as number)} s`);
    }
    const still = view.byPath('long.mp4');
    if (still?.batches !== null && still?.stored.size === still?.batches)
      throw new Error('the long recording was over before the short ones, so this says nothing: raise LONG_MINUTES');
    const worst = Math.max(...behind) / alone;
    const bound = WINDOW * flow.largestBytes * flow.mostRecordings;
    const kb = (bytes: number): string => `${Math.round(bytes / 1000)} kB`;
    console.log(
      [
        `${broker ? 'Kafka' : 'embedded bus'}, ${SLOTS} slots that wait ${WAIT_MS} ms a batch, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}`,
        '',
        '| | |',
        '|---|---|',
        `| ${SHORT_MINUTES} minutes alone | ${seconds(alone)} s |`,
        `| ${SHORT_MINUTES} minutes behind ${LONG_MINUTES} minutes, ${TIMES} times | ${behind.map(seconds).join(' s, ')} s |`,
        `| the worst against alone (limit ${LIMIT}x) | ${worst.toFixed(2)}x |`,
        `| most batches of one recording under way (window ${WINDOW}) | ${flow.mostBatches} |`,
        `| most bytes under way, of window × largest batch × recordings (${WINDOW} × ${kb(flow.largestBytes)} × ${flow.mostRecordings} = ${kb(bound)}) | ${kb(flow.mostBytes)} |`,
      ].join('\n'),
    );
    return worst <= LIMIT && flow.mostBytes <= bound ? 0 : 1;
  } catch (error) {
    for (const { name, log: file } of places)
      console.error(`--- ${name}\n${(await readFile(file, 'utf8')).slice(-3000)}`);
    throw error;
  } finally {
    await close();
  }
}

process.exit(await main());
