import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DailiesError } from '@dailies/contracts';
import type { Admin } from 'kafkajs';
import { BASE, collect, Happenings, message, textOf } from '../../src/conformance/harness.ts';
import type { Bus } from '../../src/port.ts';
import type { TopicRules } from '../../src/rules.ts';
import { openTestBus, plainAdmin } from '../helpers/kafka.ts';

const LONG = { timeout: 120_000 };
const GROUP = 'lost';

/** Brokers that lost records, or that have other ones at the same offsets. */
export function lostTests(broker: () => Promise<{ readonly address: string }>): void {
  const setUp = async (t: TestContext, name: string): Promise<Lost> => {
    const { address } = await broker();
    const admin = await plainAdmin(t, address);
    const topic = `${name}-${process.pid}`;
    const topics: Record<string, TopicRules> = { [topic]: { groups: [GROUP], keep: 'until-acknowledged' } };
    const errors = new Happenings<DailiesError>();
    const open = async (): Promise<Bus> => {
      const bus = await openTestBus(address, topics, (error) => errors.add(error));
      t.after(() => bus.close());
      return bus;
    };
    return { admin, topic, topics, errors, open };
  };

  const handledBy = async (bus: Bus, topic: string): Promise<Happenings<string>> => {
    const handled = new Happenings<string>();
    await bus.consume({ ...BASE, topic, group: GROUP, handler: async (record) => handled.add(textOf(record)) });
    return handled;
  };

  test(
    'records that were deleted before their group had them are told; those after them are handled',
    LONG,
    async (t) => {
      const { admin, topic, errors, open } = await setUp(t, 'deleted');
      const bus = await open();
      await bus.publish(['a', 'b', 'c'].map((value) => message(topic, 'k', value, 0)));
      await admin.setOffsets({ groupId: GROUP, topic, partitions: [{ partition: 0, offset: '1' }] });
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] });
      const handled = await handledBy(bus, topic);
      assert.deepEqual(await handled.first(1), ['c']);
      const told = await errors.find(({ message: says }) => says.includes(topic));
      assert.match(told.message, /Records 1 to 1 of .*, partition 0, were deleted before lost had them/);
    },
  );

  test('a group that is past the end of a log begins it again, and says so', LONG, async (t) => {
    const { admin, topic, errors, open } = await setUp(t, 'cut');
    const bus = await open();
    await bus.publish(['a', 'b'].map((value) => message(topic, 'k', value, 0)));
    await admin.setOffsets({ groupId: GROUP, topic, partitions: [{ partition: 0, offset: '500' }] });
    const handled = await handledBy(bus, topic);
    assert.deepEqual(await handled.first(2), ['a', 'b']);
    const told = await errors.find(({ message: says }) => says.includes(topic));
    assert.match(told.message, /partition 0, ends at record 2, but lost was at 500 already/);
    await bus.publish([message(topic, 'k', 'c', 0)]);
    assert.deepEqual((await handled.first(3)).at(-1), 'c');
  });

  test('a tail that follows a topic reads on when the topic was made anew', LONG, async (t) => {
    const { admin, topic, open } = await setUp(t, 'anew');
    const bus = await open();
    const seen = await collect(bus, topic);
    await bus.publish(['a', 'b', 'c'].map((value) => message(topic, 'k', value, 0)));
    await seen.first(3);
    await admin.deleteTopics({ topics: [topic] });
    // A broker that has not done it yet would show the old one to who opens the bus, and then take it away.
    while ((await admin.listTopics()).includes(topic)) await sleep(50);
    const again = await open();
    await again.publish([message(topic, 'k', 'new', 0)]);
    await seen.find((record) => textOf(record) === 'new');
  });
}

interface Lost {
  readonly admin: Admin;
  readonly topic: string;
  readonly topics: Readonly<Record<string, TopicRules>>;
  readonly errors: Happenings<DailiesError>;
  open(): Promise<Bus>;
}
