import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { type BusRecord, type Lag, MAX_VALUE_BYTES } from '../port.ts';
import { BASE, collect, GROUP, Happenings, type MakeBus, message, settle, setUp, TIMEOUT, textOf } from './harness.ts';

const MIB = 1024 * 1024;
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Large records, tails and lag. */
export function readingTests(makeBus: MakeBus): void {
  test('a record of 8 MiB arrives intact, and can be answered with one', TIMEOUT, async (t) => {
    const { open, work, answers } = await setUp(t, makeBus);
    const bus = await open();
    const answered = await collect(bus, answers);
    const value = randomBytes(8 * MIB);
    await bus.publish([message(work, 'k', value)]);
    const handler = async (record: BusRecord) => [message(answers, 'k', record.value)];
    await bus.consume({ ...BASE, topic: work, group: GROUP, handler });
    const [answer] = await answered.first(1);
    assert.equal(digest(answer?.value ?? new Uint8Array(0)), digest(value));
  });

  test('a record beyond the limit is refused, with all that was published with it', TIMEOUT, async (t) => {
    const { open, answers } = await setUp(t, makeBus);
    const bus = await open();
    const tooLarge = message(answers, 'k', new Uint8Array(MAX_VALUE_BYTES + 1));
    await assert.rejects(bus.publish([message(answers, 'k', 'with it'), tooLarge]), { code: 'BATCH_TOO_LARGE' });
    await bus.publish([message(answers, 'k', 'after')]);
    const answered = await collect(bus, answers);
    assert.deepEqual(answered.all.map(textOf), ['after']);
  });

  test('a topic that does not exist is refused', TIMEOUT, async (t) => {
    const { open } = await setUp(t, makeBus);
    const bus = await open();
    await assert.rejects(bus.publish([message('no-such-topic', 'k', 'x')]), { code: 'MESSAGE_INVALID' });
    await assert.rejects(bus.consume({ ...BASE, topic: 'no-such-topic', group: GROUP, handler: async () => {} }), {
      code: 'MESSAGE_INVALID',
    });
    await assert.rejects(
      bus.tail('no-such-topic', () => {}),
      { code: 'MESSAGE_INVALID' },
    );
  });

  test('a tail reads from the beginning, resolves when it has caught up, and follows', TIMEOUT, async (t) => {
    const { open, answers } = await setUp(t, makeBus);
    const [bus, other] = [await open(), await open()];
    await bus.publish(Array.from({ length: 450 }, (_, index) => message(answers, 'k', String(index))));
    const once: string[] = [];
    await bus.tail(answers, (record) => once.push(textOf(record)));
    assert.deepEqual(
      once,
      Array.from({ length: 450 }, (_, index) => String(index)),
    );

    const stop = new AbortController();
    const [followed, ended] = [new Happenings<string>(), [] as string[]];
    await bus.tail(answers, (record) => followed.add(textOf(record)), { follow: true });
    await bus.tail(answers, (record) => ended.push(textOf(record)), { follow: true, signal: stop.signal });
    assert.deepEqual([followed.all.length, ended.length], [450, 450]);
    stop.abort();
    await bus.publish([message(answers, 'k', 'same process')]);
    await other.publish([message(answers, 'k', 'another member')]);
    assert.deepEqual((await followed.first(452)).slice(450), ['same process', 'another member']);
    assert.deepEqual([once.length, ended.length], [450, 450]);
  });

  test('a reader that throws fails its tail before it has caught up, and is passed over later', TIMEOUT, async (t) => {
    const { open, answers } = await setUp(t, makeBus);
    const bus = await open();
    const broken = (record: BusRecord): void => {
      if (textOf(record) === 'bad') throw new Error('cannot read this');
      read.add(textOf(record));
    };
    const read = new Happenings<string>();
    await bus.tail(answers, broken, { follow: true });
    await bus.publish(['one', 'bad', 'two'].map((value) => message(answers, 'k', value)));
    assert.deepEqual(await read.first(2), ['one', 'two']);
    await assert.rejects(bus.tail(answers, broken), { message: 'cannot read this' });
  });

  test('lag counts what waits and what is in hand', TIMEOUT, async (t) => {
    const { open, work } = await setUp(t, makeBus);
    const bus = await open();
    const lag = async (): Promise<Lag | undefined> =>
      (await bus.lag()).find((one) => one.topic === work && one.group === GROUP);
    await bus.publish([0, 1, 2].map((partition) => message(work, `key ${partition}`, 'x', partition)));
    assert.deepEqual(await lag(), { topic: work, group: GROUP, waiting: 3, inFlight: 0 });
    const started = new Happenings<string>();
    const gate = Promise.withResolvers<void>();
    const consumer = await bus.consume({
      ...BASE,
      topic: work,
      group: GROUP,
      concurrency: 2,
      async handler({ key }) {
        started.add(key);
        await gate.promise;
      },
    });
    await started.first(2);
    assert.deepEqual(await lag(), { topic: work, group: GROUP, waiting: 1, inFlight: 2 });
    gate.resolve();
    await started.first(3);
    await settle();
    await consumer.stop({ drainMs: 50_000 });
    assert.deepEqual(await lag(), { topic: work, group: GROUP, waiting: 0, inFlight: 0 });
  });
}
