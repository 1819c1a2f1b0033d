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
    const ended = new Happenings<DailiesError>();
    const opened = async (onEnd?: (error: DailiesError) => void): Promise<Bus> => {
      const bus = await openTestBus(address, topics, errors.add, onEnd);
      t.after(() => bus.close());
      return bus;
    };
    const remove = async (): Promise<void> => {
      await admin.deleteTopics({ topics: [topic] });
      // A broker that has not done it yet would show the old one to who opens the bus, and then take it away.
      while ((await admin.listTopics()).includes(topic)) await sleep(50);
    };
    return { admin, topic, topics, errors, ended, remove, open: () => opened(), openService: () => opened(ended.add) };
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

  // Commands only show what is there; services know things from the old topic, see below.
  test('a tail of a bus that need not end reads on when the topic was made anew', LONG, async (t) => {
    const { remove, topic, open } = await setUp(t, 'anew');
    const bus = await open();
    const seen = await collect(bus, topic);
    await bus.publish(['a', 'b', 'c'].map((value) => message(topic, 'k', value, 0)));
    await seen.first(3);
    await remove();
    const again = await open();
    await again.publish([message(topic, 'k', 'new', 0)]);
    await seen.find((record) => textOf(record) === 'new');
  });

  // The volume of a broker was removed: four services stayed, unhealthy, until somebody started them again.
  test('a service whose topic is gone ends, and finds a new one when it is started again', LONG, async (t) => {
    const { remove, topic, openService, ended } = await setUp(t, 'gone');
    const bus = await openService();
    await handledBy(bus, topic);
    await remove();
    const [error] = await ended.first(1);
    assert.match(error?.message ?? '', new RegExp(`^${topic} is gone on the broker`));
    await bus.close();
    const again = await openService();
    const handled = await handledBy(again, topic);
    await again.publish([message(topic, 'k', 'new', 0)]);
    assert.deepEqual(await handled.first(1), ['new']);
  });

  // All was healthy then, and a recording stood still for ever: the watcher knew it from the topic of before.
  test('a service whose topic was made anew ends, though nothing is missing', LONG, async (t) => {
    const { remove, topic, openService, open, ended } = await setUp(t, 'swapped');
    const bus = await openService();
    const seen = await collect(bus, topic);
    await bus.publish([message(topic, 'k', 'old', 0)]);
    await seen.first(1);
    await remove();
    await open();
    const [error] = await ended.first(1);
    assert.match(error?.message ?? '', new RegExp(`^${topic} was made anew on the broker`));
    assert.equal(ended.all.length, 1);
  });

  test('retention and new partitions are no reason to end', LONG, async (t) => {
    const { admin, topic, openService, ended } = await setUp(t, 'kept');
    const bus = await openService();
    const handled = await handledBy(bus, topic);
    await bus.publish(['a', 'b', 'c'].map((value) => message(topic, 'k', value, 0)));
    await handled.first(3);
    await admin.fetchTopicOffsets(topic); // else it knows no leaders
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '3' }] });
    await admin.createPartitions({ topicPartitions: [{ topic, count: 6 }] });
    await sleep(2500); // several looks at the topics
    await bus.publish([message(topic, 'k', 'd', 0)]);
    assert.deepEqual((await handled.first(4)).at(-1), 'd');
    assert.deepEqual(ended.all, []);
  });
}

interface Lost {
  readonly admin: Admin;
  readonly topic: string;
  readonly topics: Readonly<Record<string, TopicRules>>;
  readonly errors: Happenings<DailiesError>;
  readonly ended: Happenings<DailiesError>;
  /** Deletes the topic, and waits until it is gone. */
  remove(): Promise<void>;
  /** A bus as commands have it: it goes on with what is there. */
  open(): Promise<Bus>;
  /** One as services have it: it ends when its topics are not those of before. */
  openService(): Promise<Bus>;
}
