import { copyFile, mkdir, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchBroker } from '../broker.ts';
import { type Measured, measure } from '../measure.ts';
import type { Setting, Way } from '../way.ts';

const MAIN = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url));

/**
 * The whole pipeline as a user runs it: `dailies run --once` on a folder, from the start of Node to the verified film.
 * @param env further settings, e.g. WORKER_SLOTS
 * @param before what runs Node, e.g. `taskset -c 0`
 */
export function dailies(
  { tools, clip, folder }: Setting,
  name: string,
  env: Readonly<Record<string, string>> = {},
  before: readonly string[] = [],
): Way {
  const room = join(folder, `room-${name.replaceAll(/[^a-z0-9]+/gi, '-')}`);
  let runs = 0;
  let file = '';
  return {
    name,
    async run() {
      await rm(room, { recursive: true, force: true });
      await mkdir(room);
      // Another name in each run: a broker remembers what has its film already.
      file = `clip-${runs++}.mp4`;
      await copyFile(clip, join(room, file));
      // A recording of an hour ago; how long the watcher waits for one that has just ended is a setting, not speed.
      const old = new Date(Date.now() - 3_600_000);
      await utimes(join(room, file), old, old);
      return measure([...before, process.execPath, MAIN, 'run', '--once'], {
        ...process.env,
        RECORDINGS_DIR: room,
        STABLE_MS: '0',
        QUIET_MS: '0',
        FFMPEG_PATH: tools.ffmpeg,
        FFPROBE_PATH: tools.ffprobe,
        ...env,
      });
    },
    film: () => join(room, 'processed', file),
  };
}

/** The same on Kafka, with what the broker takes. */
export function dailiesOnKafka(setting: Setting, name: string, broker: BenchBroker): Way {
  const way = dailies(setting, name, { KAFKA_BROKERS: broker.address });
  return {
    ...way,
    async run(): Promise<Measured> {
      const before = broker.cpuS();
      const measured = await way.run();
      return { ...measured, brokerCpuS: broker.cpuS() - before };
    },
  };
}
