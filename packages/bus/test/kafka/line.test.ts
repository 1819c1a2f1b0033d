import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { TOPICS } from '@dailies/contracts';
import { type StartedBroker, startBroker, withoutDocker } from '../../../../test/helpers/kafka.ts';
import { random } from '../../../../test/helpers/random.ts';
import { BASE, collect, GROUP, Happenings, message, textOf } from '../../src/conformance/harness.ts';
import { openKafka } from '../../src/kafka/open.ts';
import type { Bus } from '../../src/port.ts';
import { QUICK, settingsFor } from '../helpers/kafka.ts';
import { type Fault, type Line, openLine } from '../helpers/line.ts';

/** `SEED=7 RUNS=20 FAULTS=60 STALL_MS=50000 DEAD=0.1 node --test …` is the long run. */
const setting = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise);
const SEED = setting('SEED', 1);
const RUNS = setting('RUNS', 1);
const FAULTS = setting('FAULTS', 30);
const RECORDS = setting('RECORDS', 60);
const ONE_IN = setting('ONE_IN', 12);
/** The longest stall that passes, and the share of those that do not. */
const STALL_MS = setting('STALL_MS', 4000);
const DEAD = setting('DEAD', 0.02);
/** Requests are waited for 30 s, twice when the next connection is hit as well. */
const PATIENCE_S = setting('PATIENCE_S', 80);
const LARGEST_BYTES = 2 * 1024 * 1024;
const CLOSE_S = 12;
const START_MS = 240_000;

/** The port that clients are told is that of the line. */
const behind = (line: Line) => (port: number) => ({
  KAFKA_LISTENERS: `CLIENT://:${port},INNER://:9094,CONTROLLER://:9093`,
  KAFKA_ADVERTISED_LISTENERS: `CLIENT://localhost:${line.port},INNER://localhost:9094`,
  KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CLIENT:PLAINTEXT,INNER:PLAINTEXT,CONTROLLER:PLAINTEXT',
  KAFKA_INTER_BROKER_LISTENER_NAME: 'INNER',
});

/** Small ones as often as large ones: answers end in the length that begins them as well as within a record. */
const upTo = (largest: number, next: () => number): number => Math.floor(largest ** next());

function draw(next: () => number): Fault {
  const chance = next();
  if (chance < 0.35) return { kind: 'end', after: upTo(LARGEST_BYTES, next) - 1 };
  if (chance < 0.7) return { kind: 'reset', after: upTo(LARGEST_BYTES, next) - 1 };
  if (chance < 0.8) return { kind: 'stall', forMs: upTo(STALL_MS, next) };
  if (chance < 0.9 - DEAD) return { kind: 'stall all', forMs: upTo(STALL_MS, next) };
  if (chance < 0.9) return { kind: 'stall' };
  return { kind: 'pieces' };
}

/** Fails with what is known, rather than waits for what does not come. */
async function inTime<T>(seconds: number, what: string, awaited: Promise<T>, known: () => unknown): Promise<T> {
  const late = Promise.withResolvers<never>();
  const tell = (): void => late.reject(new Error(`${what}: not within ${seconds} s. ${JSON.stringify(known())}`));
  const timer = setTimeout(tell, seconds * 1000);
  try {
    return await Promise.race([awaited, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

describe('a line that breaks', { skip: await withoutDocker() }, () => {
  let broker: StartedBroker;
  let line: Line;
  before(
    async () => {
      line = await openLine(SEED);
      broker = await startBroker({ env: behind(line) });
      line.lead(Number(broker.address.split(':')[1]));
    },
    { timeout: START_MS },
  );
  after(async () => {
    await line?.close();
    await broker?.stop();
  });

  /** Topics of one test, and what opens a bus on them. */
  const setUp = (t: TestContext, name: string) => {
    const [work, answers] = [`work-${name}`, `answers-${name}`];
    const errors: string[] = [];
    const onError = ({ message }: Error): void => void errors.push(message);
    const kept = { groups: [], keep: { forMs: 3_600_000 } } as const;
    const topics = {
      [work]: { groups: [GROUP], keep: 'until-acknowledged' as const },
      [answers]: kept,
      [TOPICS.deadLetters]: kept,
    };
    const open = async (): Promise<Bus> => {
      const options = { clientId: 'test', waitForBrokerMs: START_MS, onError, onEnd: onError };
      const tuning = { ...QUICK, topicsEveryMs: 500 };
      const bus = await openKafka(settingsFor(`localhost:${line.port}`), options, {
        topics,
        defaultPartitions: 4,
        tuning,
      });
      t.after(() => bus.close());
      return bus;
    };
    return { work, answers, errors, open };
  };

  for (let seed = SEED; seed < SEED + RUNS; seed++)
    test(`seed ${seed}: all goes on by itself, and nothing is lost`, { timeout: 600_000 }, async (t) => {
      t.after(() => line.calm());
      const next = random(seed);
      const { work, answers, errors, open } = setUp(t, String(seed));
      const before = timers();
      const buses = [await open(), await open()] as const;
      const [one] = buses;
      const answered = await collect(one, answers);
      const handled = new Happenings<string>();
      const consumers = await Promise.all(
        buses.map((bus) =>
          bus.consume({
            ...BASE,
            topic: work,
            group: GROUP,
            concurrency: 2,
            async handler({ key, partition, value }) {
              handled.add(key);
              return [message(answers, key, value, partition)];
            },
          }),
        ),
      );
      const keysOf = (keys: readonly string[]): Set<string> => new Set(keys);
      const answeredKeys = (): Set<string> => keysOf(answered.all.map(({ key }) => key));
      const known = () => ({ handled: keysOf(handled.all).size, answered: answeredKeys().size, errors });
      const since = performance.now();
      const passed = (): number => Math.round((performance.now() - since) / 1000);

      const storm = line.storm({ faults: FAULTS, oneIn: ONE_IN, draw });
      const published = Promise.all(
        Array.from({ length: RECORDS }, (_, index) => {
          const value = new Uint8Array(9 + upTo(LARGEST_BYTES, next)).fill(index);
          return one.publish([message(work, String(index), value, index % 4)]);
        }),
      );
      const all = Promise.all([published, answered.find(() => answeredKeys().size === RECORDS)]);
      // One that ends by itself says why.
      const finished = Promise.race([all, ...consumers.map(({ done }) => done)]);
      await inTime(PATIENCE_S, 'the faults', Promise.race([storm, finished]), known);
      line.calm();
      const faults = await storm;
      const stormS = passed();
      await inTime(PATIENCE_S, 'the answers', finished, known);
      t.diagnostic(
        `${faults.length} faults in ${stormS} s, answers after ${passed()} s; ${handled.all.length - RECORDS} handled again, ${answered.all.length - RECORDS} answered again; ${errors.length} errors: ${JSON.stringify([...new Set(errors)])}; ${JSON.stringify(faults)}`,
      );

      const stopped = Promise.all(consumers.map((consumer) => consumer.stop({ drainMs: PATIENCE_S * 1000 })));
      await inTime(PATIENCE_S, 'the stop', stopped, known);
      assert.deepEqual(await inTime(PATIENCE_S, 'the lag', one.lag(), known), [
        { topic: work, group: GROUP, waiting: 0, inFlight: 0 },
      ]);
      await inTime(CLOSE_S, 'closing', Promise.all(buses.map((bus) => bus.close())), known);
      const gone = async (): Promise<void> => {
        while (timers() > before + 1) await turn(); // that of inTime is one
      };
      await inTime(CLOSE_S, 'the end of timers', gone(), () => process.getActiveResourcesInfo());
    });

  // It took 28 s, and kafkajs tried on for half a minute after that.
  test('a bus closes in seconds while nothing answers, and leaves nothing behind', { timeout: 120_000 }, async (t) => {
    t.after(() => line.calm());
    const { work, answers, errors, open } = setUp(t, 'stalled');
    const before = timers();
    const bus = await open();
    const answered = await collect(bus, answers);
    const handler = async ({ key, value }: { key: string; value: Uint8Array }) => [message(answers, key, value)];
    await bus.consume({ ...BASE, topic: work, group: GROUP, handler });
    await bus.publish([message(work, 'k', 'before')]);
    assert.deepEqual((await answered.first(1)).map(textOf), ['before']);
    line.stall();
    const asked = Promise.all([
      assert.rejects(bus.publish([message(work, 'k', 'meanwhile')]), /the bus was closed meanwhile/),
      assert.rejects(bus.lag(), { code: 'BUS_FAILED' }),
    ]);
    await inTime(CLOSE_S, 'closing', bus.close(), () => errors);
    await inTime(CLOSE_S, 'what was asked', asked, () => errors);
    const gone = async (): Promise<void> => {
      while (timers() > before + 1) await turn();
    };
    await inTime(CLOSE_S, 'the end of timers', gone(), () => process.getActiveResourcesInfo());
    assert.deepEqual(errors, []);
  });
});
