import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { DailiesError } from '@dailies/contracts';
import { Happenings, message } from '../../src/conformance/harness.ts';
import { openKafka } from '../../src/kafka/open.ts';
import type { Bus } from '../../src/port.ts';
import { plainAdmin, QUICK, settingsFor } from '../helpers/kafka.ts';

const LONG = { timeout: 120_000 };
const AHEAD_MS = 2 * 3_600_000;
const TOPIC_RESOURCE = 2;

/** Machines whose clock is not the broker's. */
export function clockTests(broker: () => Promise<{ readonly address: string }>): void {
  const setUp = async (t: TestContext, name: string) => {
    const { address } = await broker();
    const admin = await plainAdmin(t, address);
    const topic = `${name}-${process.pid}`;
    const rules = { [topic]: { groups: ['g'], keep: 'until-acknowledged' } } as const;
    const ended = new Happenings<DailiesError>();
    const open = async (create = true): Promise<Bus> => {
      const bus = await openKafka(
        { ...settingsFor(address), kafkaCreateTopics: create },
        { clientId: 'test', waitForBrokerMs: Number.POSITIVE_INFINITY, onEnd: ended.add },
        { topics: rules, defaultPartitions: 4, tuning: { ...QUICK, hopelessMs: 1500 } },
      );
      t.after(() => bus.close());
      return bus;
    };
    /** As an installation of before, or an operator, made it. */
    const makeOld = async (): Promise<void> => {
      const configEntries = Object.entries({ 'retention.ms': '1209600000', 'max.message.bytes': '11534336' });
      await admin.createTopics({
        topics: [{ topic, numPartitions: 4, configEntries: configEntries.map(([name, value]) => ({ name, value })) }],
      });
    };
    const settings = async (): Promise<Record<string, string>> => {
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: TOPIC_RESOURCE, name: topic }],
      });
      return Object.fromEntries((resources[0]?.configEntries ?? []).map((one) => [one.configName, one.configValue]));
    };
    /** This process lives two hours later than the broker from now on. */
    const liveAhead = (): void => {
      const { now } = Date;
      t.mock.method(Date, 'now', () => now() + AHEAD_MS);
    };
    return { topic, ended, open, makeOld, settings, liveAhead };
  };

  test('a machine that is two hours ahead publishes as any other', LONG, async (t) => {
    const { topic, open, liveAhead } = await setUp(t, 'ahead');
    liveAhead();
    const bus = await open();
    await bus.publish([message(topic, 'k', 'x')]);
    const stamps: number[] = [];
    await bus.tail(topic, ({ timestampMs }) => stamps.push(timestampMs));
    assert.ok((stamps[0] ?? Number.NaN) < Date.now() - AHEAD_MS / 2, 'the stamp is that of the broker');
  });

  test('a topic of before is told to stamp its records by itself; all else of it stays', LONG, async (t) => {
    const { makeOld, settings, open } = await setUp(t, 'of-before');
    await makeOld();
    await open(false);
    assert.equal((await settings())['message.timestamp.type'], 'CreateTime');
    await open();
    assert.partialDeepStrictEqual(await settings(), {
      'message.timestamp.type': 'LogAppendTime',
      'retention.ms': '1209600000',
      'max.message.bytes': '11534336',
    });
  });

  // Seen: a second worker with another clock; a recording stood at 43 % until that worker was stopped by hand.
  test(
    'where the broker refuses its times, the bus ends with what to do, instead of trying for ever',
    LONG,
    async (t) => {
      const { topic, ended, makeOld, open, liveAhead } = await setUp(t, 'refused');
      await makeOld();
      liveAhead();
      const bus = await open(false);
      await assert.rejects(bus.publish([message(topic, 'k', 'x')]), { message: /clock/ });
      const [error] = await ended.first(1);
      assert.match(error?.message ?? '', /the clock of this machine.*an hour/s);
    },
  );
}
