import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import type { DailiesError } from '@dailies/contracts';
import { Kafka, logLevel } from 'kafkajs';
import { BASE, collect, Happenings, type MakeBus, message, setUp, textOf } from '../../src/conformance/harness.ts';
import { openKafka } from '../../src/kafka/open.ts';
import { CHECKSUM_HEADER } from '../../src/kafka/records.ts';
import { prepareTopics, specsOf } from '../../src/kafka/topics.ts';
import { MAX_VALUE_BYTES } from '../../src/port.ts';
import { settingsFor } from '../helpers/kafka.ts';

const MIB = 1024 * 1024;
const LONG = { timeout: 120_000 };

/** Large records, damaged ones, and brokers whose topics or groups are not as they should be. */
export function recordTests(makeBus: MakeBus, broker: () => Promise<{ readonly address: string }>): void {
  const plainKafka = async (t: TestContext) => {
    const { address } = await broker();
    const kafka = new Kafka({ clientId: 'plain', brokers: [address], logLevel: logLevel.NOTHING });
    const [admin, producer] = [kafka.admin(), kafka.producer()];
    await Promise.all([admin.connect(), producer.connect()]);
    t.after(() => Promise.all([admin.disconnect(), producer.disconnect()]));
    return { address, kafka, admin, producer };
  };

  test('records of 10 MiB pass, with headers of 100 KiB, between small ones; 12 MiB are refused', LONG, async (t) => {
    const { open, work } = await setUp(t, makeBus);
    const bus = await open();
    const value = randomBytes(MAX_VALUE_BYTES);
    const manifest = 'm'.repeat(100 * 1024);
    const got = new Happenings<number>();
    const large = { topic: work, key: 'k', partition: 0, headers: { manifest }, value };
    await bus.publish([message(work, 'k', 'before'), large, message(work, 'k', 'after'), large]);
    await assert.rejects(bus.publish([message(work, 'k', new Uint8Array(12 * MIB))]), { code: 'BATCH_TOO_LARGE' });
    await bus.consume({
      ...BASE,
      topic: work,
      group: `group-${work}`,
      async handler(record) {
        if (record.value.byteLength === MAX_VALUE_BYTES) assert.equal(record.headers.manifest, manifest);
        got.add(record.value.byteLength);
      },
    });
    assert.deepEqual(await got.first(4), [6, MAX_VALUE_BYTES, 5, MAX_VALUE_BYTES]);
  });

  test('a broker that takes less than we need says so as BATCH_TOO_LARGE', LONG, async (t) => {
    const { open, work } = await setUp(t, makeBus);
    const bus = await open();
    const { admin } = await plainKafka(t);
    const configEntries = [{ name: 'max.message.bytes', value: '1000' }];
    await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: work, configEntries }] });
    // A setting takes a moment to hold.
    const untilRefused = async (): Promise<never> => {
      for (;;) await bus.publish([message(work, 'k', new Uint8Array(5000))]);
    };
    await assert.rejects(untilRefused(), {
      code: 'BATCH_TOO_LARGE',
      message: /max\.message\.bytes/,
    });
  });

  test(
    'a record whose bytes are not those that were published becomes a dead letter; a tail leaves it out',
    LONG,
    async (t) => {
      const { open, work, answers } = await setUp(t, makeBus);
      const bus = await open();
      const dead = await collect(bus, 'dailies.dead-letters', work);
      const { producer } = await plainKafka(t);
      const bad = { key: 'k', partition: 0, value: 'damaged', headers: { [CHECKSUM_HEADER]: '0'.repeat(64) } };
      const foreign = { key: 'k', partition: 0, value: 'foreign' };
      await producer.send({ topic: work, messages: [bad, foreign] });
      await producer.send({ topic: answers, messages: [bad] });
      await bus.publish([message(work, 'k', 'good'), message(answers, 'k', 'good')]);
      const handled = new Happenings<string>();
      await bus.consume({
        ...BASE,
        topic: work,
        group: `group-${work}`,
        handler: async (record) => handled.add(textOf(record)),
      });
      const letters = await dead.first(2);
      assert.deepEqual(await handled.first(1), ['good']);
      assert.deepEqual(letters.map(textOf), ['damaged', 'foreign']);
      assert.match(letters[0]?.headers['dead-letter-reason'] ?? '', /not those that were published/);
      assert.match(letters[1]?.headers['dead-letter-reason'] ?? '', /no checksum/);
      const tailed: string[] = [];
      await bus.tail(answers, (record) => tailed.push(textOf(record)));
      assert.deepEqual(tailed, ['good']);
    },
  );

  test('a consumer that the group refuses for good ends with the reason', LONG, async (t) => {
    const { open, work } = await setUp(t, makeBus);
    const bus = await open();
    const { kafka } = await plainKafka(t);
    const group = `group-${work}`;
    const stranger = kafka.consumer({ groupId: group });
    t.after(() => stranger.disconnect());
    await stranger.subscribe({ topics: [work], fromBeginning: true });
    const joined = new Promise((resolve) => stranger.on(stranger.events.GROUP_JOIN, resolve));
    await stranger.run({ eachMessage: async () => {} });
    await joined;
    const consumer = await bus.consume({ ...BASE, topic: work, group, handler: async () => {} });
    await assert.rejects(consumer.done, { code: 'BUS_FAILED', message: /INCONSISTENT_GROUP_PROTOCOL/ });
  });

  test('topics are made as they have to be; one that would lose work is refused', LONG, async (t) => {
    const { open, work } = await setUp(t, makeBus);
    await open();
    const { address, admin } = await plainKafka(t);
    const rules = { [work]: { groups: [], keep: 'until-acknowledged' } } as const;
    const [state] = await prepareTopics(admin, specsOf(rules, 4), { create: false, brokers: address });
    assert.partialDeepStrictEqual(state, {
      name: work,
      created: false,
      partitions: 4,
      replicas: 1,
      problems: [],
      notes: [],
    });
    assert.equal(state?.settings['max.message.bytes'], String(11 * MIB));
    assert.equal(state?.settings['message.timestamp.type'], 'LogAppendTime');

    const compacted = `compacted-${work}`;
    const configEntries = [{ name: 'cleanup.policy', value: 'compact' }];
    await admin.createTopics({
      waitForLeaders: false,
      topics: [{ topic: compacted, numPartitions: 4, configEntries }],
    });
    const topics = { [compacted]: { groups: [], keep: 'until-acknowledged' } } as const;
    await assert.rejects(openKafka(settingsFor(address), { clientId: 'test' }, { topics, defaultPartitions: 4 }), {
      code: 'BUS_FAILED',
      message: /cleanup\.policy is compact/,
    });
    const missing = { [`no-${work}`]: { groups: [], keep: 'until-acknowledged' } } as const;
    const settings = { ...settingsFor(address), kafkaCreateTopics: false };
    await assert.rejects(openKafka(settings, { clientId: 'test' }, { topics: missing }), {
      code: 'BUS_FAILED',
      message: /does not exist/,
    });
  });

  test('no broker: an error that names it, after the time that was given', LONG, async () => {
    // Not localhost: where that has two addresses, the error that is told may be another one.
    const opened: Promise<unknown> = openKafka(settingsFor('127.0.0.1:1'), { clientId: 'test', waitForBrokerMs: 0 });
    await assert.rejects(opened, (error: DailiesError) => {
      assert.deepEqual([error.code, error.fate], ['BUS_FAILED', 'retry']);
      assert.match(error.message, /127\.0\.0\.1:1 cannot be reached \(ECONNREFUSED\)/);
      return true;
    });
  });
}
