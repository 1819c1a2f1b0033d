import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import { TOPICS } from '@dailies/contracts';
import type { Bus, BusRecord, ConsumeOptions, OutgoingMessage } from '../port.ts';
import type { TopicRules } from '../rules.ts';

/** A bus of its own for one test. What was opened is closed, and what was stored is removed, by hooks of that test. */
export interface BusUnderTest {
  /** Opens the bus. Each call makes a member of its own, as another process would be. */
  open(): Promise<Bus>;
  /** The same bus for a child process. */
  readonly forChild: ChildBus;
  /** After how long without a heartbeat a member loses its records, in ms. The suite waits for a multiple of it. */
  readonly expiryMs: number;
}

/** How a child process opens the bus: `module` (a URL) exports `openBus(options): Promise<Bus>`; `options` is JSON. */
export interface ChildBus {
  readonly module: string;
  readonly options: unknown;
}

/** Makes a bus with these topics, each of PARTITIONS partitions at least. */
export type MakeBus = (t: TestContext, topics: Readonly<Record<string, TopicRules>>) => Promise<BusUnderTest>;

/** Partitions that the suite uses; on Kafka they bound the concurrency. */
export const PARTITIONS = 4;

/** No test may take longer, in ms; those of a good adapter take a small part of it. */
export const TIMEOUT = { timeout: 180_000 };

/** Rules that a test uses when it is not about them. */
export const BASE = {
  concurrency: 1,
  attempts: 3,
  backoff: { initialMs: 5, maxMs: 40, factor: 2 },
} as const satisfies Partial<ConsumeOptions>;

export const GROUP = 'group';

/** Topics of one test, with names of their own, so that tests can share a broker. */
export interface Topics {
  readonly work: string;
  readonly answers: string;
}

/** Makes a bus with a work topic (one group), a topic that is kept, and the dead letters. */
export async function setUp(
  t: TestContext,
  makeBus: MakeBus,
  rules: Partial<TopicRules> = {},
): Promise<BusUnderTest & Topics> {
  const suffix = randomBytes(4).toString('hex');
  const work = `work-${suffix}`;
  const answers = `answers-${suffix}`;
  const kept = { groups: [], keep: { forMs: 3_600_000 } } as const;
  const bus = await makeBus(t, {
    [work]: { groups: [GROUP], keep: 'until-acknowledged', ...rules },
    [answers]: kept,
    [TOPICS.deadLetters]: kept,
  });
  return { ...bus, work, answers };
}

export function message(topic: string, key: string, value: string | Uint8Array, partition = 0): OutgoingMessage {
  return { topic, key, partition, value: typeof value === 'string' ? new TextEncoder().encode(value) : value };
}

export function textOf(record: BusRecord): string {
  return new TextDecoder().decode(record.value);
}

/** Things that happen, to be waited for by their number or kind; never by time. */
export class Happenings<T> {
  readonly all: T[] = [];
  readonly #waiting = new Set<() => void>();

  readonly add = (happening: T): void => {
    this.all.push(happening);
    for (const check of [...this.#waiting]) check();
  };

  /** The first `count` that happened, once there are so many. */
  async first(count: number): Promise<T[]> {
    await this.#until(() => this.all.length >= count);
    return this.all.slice(0, count);
  }

  /** The first one that fits. */
  async find(fits: (happening: T) => boolean): Promise<T> {
    await this.#until(() => this.all.some(fits));
    return this.all.find(fits) as T;
  }

  #until(reached: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!reached()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }
}

/** Lets everything run that can run without anything from outside. For showing that something does NOT happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Follows a topic into a list; dead letters of other tests are left out by `of`. */
export async function collect(bus: Bus, topic: string, of?: string): Promise<Happenings<BusRecord>> {
  const records = new Happenings<BusRecord>();
  const onRecord = (record: BusRecord): void => {
    if (of === undefined || record.headers['dead-letter-topic'] === of) records.add(record);
  };
  await bus.tail(topic, onRecord, { follow: true });
  return records;
}
