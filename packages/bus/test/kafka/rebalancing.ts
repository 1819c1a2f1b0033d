import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { startChild } from '../../src/conformance/child.ts';
import {
  BASE,
  collect,
  Happenings,
  type MakeBus,
  message,
  settle,
  setUp,
  textOf,
} from '../../src/conformance/harness.ts';
import { readCommitted } from '../../src/kafka/lag.ts';
import { decodeProgress } from '../../src/kafka/progress.ts';
import type { BusRecord } from '../../src/port.ts';
import { plainAdmin } from '../helpers/kafka.ts';

const LONG = { timeout: 180_000 };
const ROUNDS = 20;
const RECORDS = 160;

/** Members that come, go, freeze and die while handlers run. `brisk` makes buses whose sessions end soon. */
export function rebalancingTests(
  makeBus: MakeBus,
  brisk: MakeBus,
  broker: () => Promise<{ readonly address: string }>,
): void {
  test('twenty joins and leaves while handlers run: every record is handled', LONG, async (t) => {
    const { open, work } = await setUp(t, makeBus);
    const group = `group-${work}`;
    const [steady, guest] = [await open(), await open()];
    const handled = new Happenings<string>();
    const consume = async (bus: Awaited<ReturnType<typeof open>>) =>
      bus.consume({
        ...BASE,
        topic: work,
        group,
        concurrency: 2,
        async handler(record) {
          await sleep(20); // the work itself
          handled.add(textOf(record));
        },
      });
    await steady.publish(
      Array.from({ length: RECORDS }, (_, index) => message(work, `key ${index % 4}`, String(index), index % 4)),
    );
    const consumer = await consume(steady);
    for (let round = 0; round < ROUNDS; round += 2) {
      const visitor = await consume(guest);
      await handled.first(Math.min(RECORDS, handled.all.length + 2));
      await visitor.stop({ drainMs: 30_000 });
    }
    await handled.find(() => new Set(handled.all).size === RECORDS);
    await consumer.stop({ drainMs: 30_000 });
    const again = handled.all.length - RECORDS;
    t.diagnostic(`${ROUNDS} joins and leaves: ${RECORDS} records, ${again} of them handled again`);
    // A partition that had to be taken away in the middle costs one record once more, at most one for each change.
    assert.ok(again <= ROUNDS, `${again} records were handled again`);
    await inOrder(handled.all);
  });

  test('what a handler answers after its partition was given to another is dropped', LONG, async (t) => {
    const { open, work, answers } = await setUp(t, makeBus);
    const group = `group-${work}`;
    const [one, two] = [await open(), await open()];
    const answered = await collect(one, answers);
    const gate = Promise.withResolvers<void>();
    const [begun, aborted] = [new Happenings<string>(), new Happenings<string>()];
    // All four partitions are busy, so that the second member can only get such ones.
    await one.publish([0, 1, 2, 3].map((partition) => message(work, `key ${partition}`, 'x', partition)));
    await one.consume({
      ...BASE,
      topic: work,
      group,
      concurrency: 4,
      async handler({ key }, { signal }) {
        begun.add(key);
        signal.addEventListener('abort', () => aborted.add(key));
        await gate.promise;
        return [message(answers, key, 'one')];
      },
    });
    await begun.first(4);
    await two.consume({
      ...BASE,
      topic: work,
      group,
      concurrency: 4,
      handler: async ({ key, attempt }) => [message(answers, key, `two, attempt ${attempt}`)],
    });
    const lost = await aborted.first(2);
    await answered.first(2);
    gate.resolve();
    await answered.first(4);
    await settle();
    await two.publish([message(answers, 'end', 'end')]);
    await answered.find(({ key }) => key === 'end');
    const of = (by: string): string[] =>
      answered.all
        .filter((record) => textOf(record).startsWith(by))
        .map(({ key }) => key)
        .sort();
    assert.deepEqual(of('two, attempt 2'), lost.toSorted());
    assert.deepEqual(
      of('one'),
      ['key 0', 'key 1', 'key 2', 'key 3'].filter((key) => !lost.includes(key)),
    );
  });

  test('a frozen process that wakes and answers is not heard', LONG, async (t) => {
    const { open, forChild, work, answers } = await setUp(t, brisk);
    const group = `group-${work}`;
    const bus = await open();
    const answered = await collect(bus, answers);
    await bus.publish([message(work, 'k', 'x')]);
    const order = { bus: forChild, topic: work, group, concurrency: 1, answerTo: answers } as const;
    const frozen = await startChild(t, { ...order, mode: 'gate' });
    await frozen.reports.find(({ event }) => event === 'handling');
    frozen.signal('SIGSTOP');
    const other = await startChild(t, { ...order, mode: 'work' });
    await answered.first(1);
    // It finds its gate open when it wakes, long before it hears of its group.
    frozen.go();
    frozen.signal('SIGCONT');
    await frozen.reports.find(({ event }) => event === 'aborted');
    await bus.publish([message(work, 'k', 'next')]);
    await answered.find((record) => textOf(record) === 'next');
    const first = answered.all.filter((record) => textOf(record) === 'x');
    assert.deepEqual(
      first.map(({ headers }) => headers.pid),
      [String(other.pid)],
    );
  });

  test('a record whose process dies each time ends in the dead letters, and those after it go on', LONG, async (t) => {
    const group = `group-${randomUUID()}`;
    const { open, forChild, work, answers } = await setUp(t, brisk, { deaths: 2, groups: [group] });
    const bus = await open();
    const admin = await plainAdmin(t, (await broker()).address);
    const dead = await collect(bus, 'dailies.dead-letters', work);
    await bus.publish([message(work, 'k', 'kills'), message(work, 'k', 'next')]);
    const order = { bus: forChild, topic: work, group, concurrency: 1, mode: 'hang', answerTo: answers } as const;
    const seen: number[] = [];
    for (let round = 0; round < 2; round++) {
      const child = await startChild(t, order);
      const begun = await child.reports.find(({ event }) => event === 'handling');
      if (begun.event === 'handling') seen.push(begun.attempt);
      // Its mark goes out while the handler runs; a death counts once it is there. The one before has left its own.
      while (!(await isMarked(admin, group, work, round))) await sleep(20);
      await child.kill();
    }
    const next = new Happenings<BusRecord>();
    await bus.consume({ ...BASE, topic: work, group, handler: async (record) => next.add(record) });
    const [letter] = await dead.first(1);
    assert.deepEqual(seen, [1, 2]);
    assert.equal(letter?.headers['dead-letter-attempts'], '3');
    assert.match(letter?.headers['dead-letter-reason'] ?? '', /2 processes died/);
    assert.deepEqual(
      (await next.first(1)).map((record) => [textOf(record), record.attempt]),
      [['next', 1]],
    );
  });

  test('a handler of 90 s keeps its record under the default times', {
    ...LONG,
    skip: skipLong(),
  }, async (t: TestContext) => {
    const { open, work } = await setUp(t, makeBus);
    const bus = await open();
    const handled = new Happenings<boolean>();
    await bus.publish([message(work, 'k', 'x')]);
    await bus.consume({
      ...BASE,
      topic: work,
      group: `group-${work}`,
      async handler(_record, { signal }) {
        await sleep(90_000);
        handled.add(signal.aborted);
      },
    });
    assert.deepEqual(await handled.first(1), [false]);
  });
}

const skipLong = (): string | false =>
  process.env.DAILIES_TEST_LONG === '1' ? false : 'takes 90 s; set DAILIES_TEST_LONG=1';

/** Whether the broker knows that a record is in hand, after so many deaths of those that had it before. */
async function isMarked(admin: Admin, group: string, topic: string, deaths: number): Promise<boolean> {
  const marks = [...(await readCommitted(admin, group, topic)).values()].map(({ metadata }) =>
    decodeProgress(metadata),
  );
  return marks.some((mark) => mark.started && mark.deaths === deaths);
}

/** First deliveries of each key come in the order of publishing. */
async function inOrder(values: readonly string[]): Promise<void> {
  const numbers = [...new Set(values)].map(Number);
  for (const partition of [0, 1, 2, 3]) {
    const of = numbers.filter((number) => number % 4 === partition);
    assert.deepEqual(
      of,
      of.toSorted((a, b) => a - b),
    );
  }
}
