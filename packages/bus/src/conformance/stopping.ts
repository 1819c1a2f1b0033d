import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HandlerContext } from '../port.ts';
import { startChild } from './child.ts';
import { BASE, collect, GROUP, Happenings, type MakeBus, message, settle, setUp, TIMEOUT, textOf } from './harness.ts';

/** Resolves or rejects as a handler should whose signal is aborted. */
const untilAborted = ({ signal }: HandlerContext): Promise<never> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

/** What becomes of records in hand when their consumer stops, dies or is slow. */
export function stoppingTests(makeBus: MakeBus): void {
  test('stop takes nothing new and waits for what is in hand', TIMEOUT, async (t) => {
    const { open, work } = await setUp(t, makeBus);
    const bus = await open();
    await bus.publish([message(work, 'k', 'in hand'), message(work, 'k', 'next')]);
    const handled = new Happenings<string>();
    const gate = Promise.withResolvers<void>();
    let aborted = false;
    const consume = () =>
      bus.consume({
        ...BASE,
        topic: work,
        group: GROUP,
        async handler(record, { signal }) {
          handled.add(textOf(record));
          await gate.promise;
          aborted ||= signal.aborted;
        },
      });
    const consumer = await consume();
    await handled.first(1);
    const stopped = consumer.stop({ drainMs: 50_000 });
    await settle();
    gate.resolve();
    await stopped;
    await consumer.done;
    assert.deepEqual([handled.all, consumer.inFlight, aborted], [['in hand'], 0, false]);
    await consume();
    assert.deepEqual(await handled.first(2), ['in hand', 'next']);
  });

  test('what is not finished in time is aborted and given back, and that counts as no attempt', TIMEOUT, async (t) => {
    const { open, work } = await setUp(t, makeBus);
    const bus = await open();
    await bus.publish([message(work, 'k', 'x')]);
    const attempts = new Happenings<number>();
    const retried: string[] = [];
    for (let round = 1; round <= 5; round++) {
      const consumer = await bus.consume({
        ...BASE,
        topic: work,
        group: GROUP,
        attempts: 2,
        handler(record, context) {
          attempts.add(record.attempt);
          return untilAborted(context);
        },
        onRetry: (_record, error) => retried.push(error.code),
      });
      await attempts.first(round);
      // A stop that would wait is overruled by one that does not.
      const slow = consumer.stop({ drainMs: 50_000 });
      await consumer.stop({ drainMs: 0 });
      await slow;
    }
    assert.deepEqual([attempts.all, retried], [[1, 1, 1, 1, 1], []]);
  });

  test(
    'a handler that is deaf to its signal does not hold up stop, and its late answer is dropped',
    TIMEOUT,
    async (t) => {
      const { open, work, answers } = await setUp(t, makeBus);
      const [bus, other] = [await open(), await open()];
      const answered = await collect(other, answers);
      await bus.publish([message(work, 'k', 'x')]);
      const started = new Happenings<string>();
      const gate = Promise.withResolvers<void>();
      const deaf = await bus.consume({
        ...BASE,
        topic: work,
        group: GROUP,
        async handler(record) {
          started.add(record.key);
          await gate.promise;
          return [message(answers, record.key, 'late')];
        },
      });
      await started.first(1);
      await deaf.stop({ drainMs: 0 });
      await other.consume({ ...BASE, topic: work, group: GROUP, handler: async () => [message(answers, 'k', 'good')] });
      await answered.first(1);
      gate.resolve();
      await settle();
      await other.publish([message(answers, 'k', 'end')]);
      await answered.find((record) => textOf(record) === 'end');
      assert.deepEqual(answered.all.map(textOf), ['good', 'end']);
    },
  );

  test('close stops consumers and tails; a closed bus refuses', TIMEOUT, async (t) => {
    const { open, work } = await setUp(t, makeBus);
    const [bus, other] = [await open(), await open()];
    const started = new Happenings<number>();
    await bus.publish([message(work, 'k', 'x')]);
    const tailed: string[] = [];
    await bus.tail(work, (record) => tailed.push(record.key), { follow: true });
    const consumer = await bus.consume({
      ...BASE,
      topic: work,
      group: GROUP,
      handler(record, context) {
        started.add(record.attempt);
        return untilAborted(context);
      },
    });
    await started.first(1);
    await Promise.all([bus.close(), bus.close()]);
    await consumer.done;
    await assert.rejects(bus.publish([message(work, 'k', 'y')]), { code: 'BUS_FAILED' });
    await assert.rejects(bus.lag(), { code: 'BUS_FAILED' });
    await other.publish([message(work, 'k', 'y')]);
    const got = new Happenings<string>();
    await other.consume({
      ...BASE,
      topic: work,
      group: GROUP,
      handler: async (record) => got.add(`${textOf(record)} ${record.attempt}`),
    });
    assert.deepEqual(await got.first(2), ['x 1', 'y 1']);
    assert.deepEqual(tailed, ['k']);
  });

  test('the record of a process that is killed is delivered again', TIMEOUT, async (t) => {
    const { open, forChild, work, answers } = await setUp(t, makeBus);
    const bus = await open();
    await bus.publish([message(work, 'k', 'x')]);
    const child = await startChild(t, {
      bus: forChild,
      topic: work,
      group: GROUP,
      concurrency: 1,
      mode: 'hang',
      answerTo: answers,
    });
    await child.reports.find(({ event }) => event === 'handling');
    const got = new Happenings<string>();
    await bus.consume({ ...BASE, topic: work, group: GROUP, handler: async (record) => got.add(textOf(record)) });
    await settle();
    assert.deepEqual(got.all, []);
    await child.kill();
    assert.deepEqual(await got.first(1), ['x']);
  });

  test('a handler that takes longer than a heartbeat may be late keeps its record', TIMEOUT, async (t) => {
    const { open, work, expiryMs } = await setUp(t, makeBus);
    const [bus, other] = [await open(), await open()];
    const handled = new Happenings<string>();
    const finished = Promise.withResolvers<boolean>();
    await bus.consume({
      ...BASE,
      topic: work,
      group: GROUP,
      async handler(_record, { signal }) {
        handled.add('slow');
        await sleep(expiryMs * 2.5); // the work itself
        finished.resolve(signal.aborted);
      },
    });
    await bus.publish([message(work, 'k', 'x')]);
    await handled.first(1);
    await other.consume({ ...BASE, topic: work, group: GROUP, handler: async () => handled.add('other') });
    assert.equal(await finished.promise, false, 'its signal was aborted');
    await settle();
    assert.deepEqual(handled.all, ['slow']);
  });
}
