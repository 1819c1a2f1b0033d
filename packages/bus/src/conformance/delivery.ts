import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_VALUE_BYTES } from '../port.ts';
import {
  BASE,
  collect,
  GROUP,
  Happenings,
  type MakeBus,
  message,
  PARTITIONS,
  settle,
  setUp,
  TIMEOUT,
  textOf,
} from './harness.ts';

/** Who gets what, in which order, how often, and how many at once. */
export function deliveryTests(makeBus: MakeBus): void {
  test('a record arrives as it was published: key, headers, bytes, partition', TIMEOUT, async (t) => {
    const { open, work } = await setUp(t, makeBus);
    const bus = await open();
    const value = Uint8Array.from({ length: 256 }, (_, index) => index);
    const headers = { plain: 'x', 'with blanks': 'ä 🎬\n"quoted"' };
    const before = Date.now();
    await bus.publish([
      { topic: work, key: 'schlüssel 🎬', partition: 2, headers, value },
      { topic: work, key: 'empty', partition: 3, value: new Uint8Array(0) },
    ]);
    const records = new Happenings<{ key: string }>();
    await bus.consume({ ...BASE, topic: work, group: GROUP, handler: async (record) => records.add(record) });
    await records.first(2);
    const [first, second] = [
      await records.find(({ key }) => key !== 'empty'),
      await records.find(({ key }) => key === 'empty'),
    ];
    assert.partialDeepStrictEqual(first, { topic: work, key: 'schlüssel 🎬', partition: 2, headers, attempt: 1 });
    assert.partialDeepStrictEqual(second, { topic: work, partition: 3, attempt: 1 });
    const { value: got, timestampMs } = first as unknown as { value: Uint8Array; timestampMs: number };
    assert.deepEqual([...got], [...value]);
    assert.equal((second as unknown as { value: Uint8Array }).value.byteLength, 0);
    assert.ok(timestampMs >= before && timestampMs <= Date.now(), `published at ${timestampMs}`);
  });

  test('records of one key are handled one at a time, in the order of publishing', TIMEOUT, async (t) => {
    const { open, work } = await setUp(t, makeBus);
    const bus = await open();
    const numbers = Array.from({ length: 45 }, (_, index) => index);
    await bus.publish(
      numbers.slice(0, 20).map((number) => message(work, `key ${number % 3}`, String(number), number % 3)),
    );
    const handled = new Happenings<{ key: string; number: number }>();
    const busy = new Set<string>();
    const overlaps: string[] = [];
    await bus.consume({
      ...BASE,
      topic: work,
      group: GROUP,
      concurrency: 3,
      async handler(record) {
        const { key } = record;
        if (busy.has(key)) overlaps.push(key);
        busy.add(key);
        const number = Number(textOf(record));
        for (let turn = 0; turn < number % 4; turn++) await new Promise((resolve) => setImmediate(resolve));
        busy.delete(key);
        handled.add({ key, number });
      },
    });
    for (const number of numbers.slice(20))
      await bus.publish([message(work, `key ${number % 3}`, String(number), number % 3)]);
    const all = await handled.first(numbers.length);
    assert.deepEqual(overlaps, []);
    for (const remainder of [0, 1, 2]) {
      const ofKey = all.filter(({ key }) => key === `key ${remainder}`).map(({ number }) => number);
      assert.deepEqual(
        ofKey,
        numbers.filter((number) => number % 3 === remainder),
      );
    }
  });

  test('as many handlers run as concurrency says, and never more', TIMEOUT, async (t) => {
    const { open, work } = await setUp(t, makeBus);
    const bus = await open();
    await bus.publish(Array.from({ length: 12 }, (_, index) => message(work, `key ${index}`, '', index % PARTITIONS)));
    const started = new Happenings<number>();
    const finished = new Happenings<string>();
    const gate = Promise.withResolvers<void>();
    let running = 0;
    const consumer = await bus.consume({
      ...BASE,
      topic: work,
      group: GROUP,
      concurrency: 3,
      async handler({ key }) {
        started.add(++running);
        await gate.promise;
        await settle();
        running--;
        finished.add(key);
      },
    });
    await started.first(3);
    assert.equal(consumer.inFlight, 3);
    await settle();
    gate.resolve();
    await finished.first(12);
    assert.equal(Math.max(...started.all), 3);
  });

  test('two consumers of one group share the records, and no record is handled twice', TIMEOUT, async (t) => {
    const { open, work } = await setUp(t, makeBus);
    const [one, two] = [await open(), await open()];
    const handled = new Happenings<{ by: string; value: string }>();
    const gate = Promise.withResolvers<void>();
    for (const [by, bus] of Object.entries({ one, two })) {
      await bus.consume({
        ...BASE,
        topic: work,
        group: GROUP,
        async handler(record) {
          handled.add({ by, value: textOf(record) });
          await gate.promise;
        },
      });
    }
    const values = Array.from({ length: 40 }, (_, index) => String(index));
    await one.publish(values.map((value, index) => message(work, `key ${index}`, value, index % PARTITIONS)));
    const firstTwo = await handled.first(2);
    assert.deepEqual(new Set(firstTwo.map(({ by }) => by)), new Set(['one', 'two']));
    gate.resolve();
    await handled.first(values.length);
    await settle();
    assert.deepEqual(
      handled.all.map(({ value }) => Number(value)).sort((a, b) => a - b),
      values.map(Number),
    );
  });

  test('two groups both get all records, also one that comes later', TIMEOUT, async (t) => {
    const { open, work } = await setUp(t, makeBus, { groups: [GROUP], keep: { forMs: 3_600_000 } });
    const bus = await open();
    const handled = { [GROUP]: new Happenings<string>(), later: new Happenings<string>() };
    const consume = (group: keyof typeof handled) =>
      bus.consume({ ...BASE, topic: work, group, handler: async (record) => handled[group].add(textOf(record)) });
    await bus.publish([message(work, 'k', 'a'), message(work, 'k', 'b')]);
    await consume(GROUP);
    assert.deepEqual(await handled[GROUP].first(2), ['a', 'b']);
    await consume('later');
    await bus.publish([message(work, 'k', 'c')]);
    assert.deepEqual(await handled.later.first(3), ['a', 'b', 'c']);
    assert.deepEqual(await handled[GROUP].first(3), ['a', 'b', 'c']);
  });

  test('what a handler returns is published once, and only when the bus takes all of it', TIMEOUT, async (t) => {
    const { open, work, answers } = await setUp(t, makeBus);
    const bus = await open();
    const answered = await collect(bus, answers);
    const dead = await collect(bus, 'dailies.dead-letters', work);
    const tooLarge = message(answers, 'k', new Uint8Array(MAX_VALUE_BYTES + 1));
    await bus.publish(['a', 'refused', 'fails once', 'b'].map((value) => message(work, 'k', value)));
    await bus.consume({
      ...BASE,
      topic: work,
      group: GROUP,
      async handler(record) {
        const value = textOf(record);
        if (value === 'fails once' && record.attempt === 1) throw new Error('not yet');
        const answer = message(answers, record.key, `answer to ${value}`);
        return value === 'refused' ? [answer, tooLarge] : [answer];
      },
    });
    await answered.find((record) => textOf(record) === 'answer to b');
    assert.deepEqual(answered.all.map(textOf), ['answer to a', 'answer to fails once', 'answer to b']);
    const [letter] = await dead.first(1);
    assert.equal(letter?.headers['dead-letter-code'], 'BATCH_TOO_LARGE');
  });
}
