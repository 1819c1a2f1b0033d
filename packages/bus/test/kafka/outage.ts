import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import KafkaBroker from 'kafkajs/src/broker/index.js';
import type { Broker } from '../../../../test/helpers/kafka.ts';
import { BASE, collect, Happenings, type MakeBus, message, setUp, textOf } from '../../src/conformance/harness.ts';
import { openKafka } from '../../src/kafka/open.ts';
import type { Bus, Consumer } from '../../src/port.ts';
import { QUICK, settingsFor } from '../helpers/kafka.ts';

const RECORDS = 60;

/** A client that stands still, and a broker that dies. To be run when nothing else uses them. */
export function outageTests(makeBus: MakeBus, broker: () => Promise<Broker>): void {
  test('a consumer to which nothing comes although work waits ends with the reason', {
    timeout: 120_000,
  }, async (t) => {
    const { address } = await broker();
    const { open, work } = await setUp(t, makeBus);
    const other = await open();
    const topics = {
      [work]: { groups: ['g'], keep: 'until-acknowledged' },
      'dailies.dead-letters': { groups: [], keep: { forMs: 1e6 } },
    } as const;
    const bus = await openKafka(
      settingsFor(address),
      { clientId: 'test' },
      { topics, defaultPartitions: 4, tuning: { ...QUICK, stallMs: 1000 } },
    );
    t.after(() => bus.close());
    // What was seen of kafkajs: it fetches for ever, and nothing comes.
    t.mock.method(KafkaBroker.prototype, 'fetch', async () => {
      await sleep(100);
      return { responses: [] };
    });
    const consumer = await bus.consume({ ...BASE, topic: work, group: `group-${work}`, handler: async () => {} });
    await other.publish([message(work, 'k', 'x')]);
    await assert.rejects(consumer.done, { code: 'BUS_FAILED', message: /1 records wait/ });
  });

  // A sleep of 5 s that nobody waited for any more kept `dailies run --once` from ending for 2 s.
  test('what is closed leaves no timer that would keep the process', { timeout: 120_000 }, async (t) => {
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const { open, work } = await setUp(t, makeBus);
    const before = timers();
    const bus = await open();
    const reader = await bus.tail(work, () => {}, { follow: true });
    const handled = new Happenings<string>();
    const consumer = await bus.consume({
      ...BASE,
      topic: work,
      group: `group-${work}`,
      handler: async (record) => handled.add(textOf(record)),
    });
    await bus.publish([message(work, 'k', 'x')]);
    await handled.first(1);
    await consumer.stop({ drainMs: 1000 });
    await reader.close();
    await bus.close();
    assert.ok(timers() <= before, `${timers()} timers, ${before} before`);
  });

  test('a broker is killed in the middle: after its restart everything goes on by itself, and nothing is lost', {
    timeout: 600_000,
  }, async (t) => {
    const { kill, restart } = await broker();
    const { open, work, answers } = await setUp(t, makeBus);
    const group = `group-${work}`;
    const [one, two] = [await open(), await open()];
    const answered = await collect(one, answers);
    const handled = new Happenings<string>();
    const publish = (from: number, to: number) =>
      one.publish(
        Array.from({ length: to - from }, (_, index) =>
          message(work, `key ${index % 4}`, String(from + index), index % 4),
        ),
      );
    await publish(0, RECORDS / 2);
    const consume = (bus: Bus): Promise<Consumer> =>
      bus.consume({
        ...BASE,
        topic: work,
        group,
        concurrency: 2,
        async handler(record) {
          await sleep(50); // the work itself
          handled.add(textOf(record));
          return [message(answers, record.key, textOf(record))];
        },
      });
    const consumers = [await consume(one), await consume(two)];
    await answered.first(5);
    await kill();
    const published = publish(RECORDS / 2, RECORDS);
    await restart();
    await published;
    const all = answered.find(() => new Set(answered.all.map(textOf)).size === RECORDS);
    // One that ends by itself says why.
    await Promise.race([all, ...consumers.map(({ done }) => done)]);
    t.diagnostic(
      `${RECORDS} records: ${handled.all.length - RECORDS} handled again, ${answered.all.length - RECORDS} answered again`,
    );
    assert.deepEqual(
      [...new Set(answered.all.map(textOf))].map(Number).sort((a, b) => a - b),
      Array.from({ length: RECORDS }, (_, index) => index),
    );
  });
}
