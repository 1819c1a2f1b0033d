import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DailiesError } from '@dailies/contracts';
import { BASE, GROUP, Happenings, message, settle, TIMEOUT } from '../../src/conformance/harness.ts';
import type { ConsumeOptions } from '../../src/index.ts';
import { startConsumer } from '../../src/sqlite/consumer.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { thisMember } from '../../src/sqlite/members.ts';
import { Roster } from '../../src/sqlite/roster.ts';
import { Store } from '../../src/sqlite/store.ts';
import { temporaryFolder } from '../helpers/sqlite.ts';

/** A consumer without the bus around it: no polls and no heartbeats, so that only it can wake itself up. */
function setUp(t: TestContext) {
  const db = openDatabase(join(temporaryFolder(t), 'bus.sqlite'), { readOnly: false });
  const store = new Store(db, { work: { groups: [GROUP], keep: 'until-acknowledged' } });
  store.begin();
  const us = thisMember();
  const roster = new Roster(db, us);
  roster.beat(0, () => []);
  const reports = new Happenings<DailiesError>();
  const consume = (options: Pick<ConsumeOptions, 'handler'> & Partial<ConsumeOptions>) => {
    const consumer = startConsumer(
      { ...BASE, topic: 'work', group: GROUP, ...options },
      {
        store,
        member: us.id,
        abortGraceMs: 1,
        busRetryMs: 5,
        now: () => Date.now(),
        onChange: () => () => {},
        changed: () => {},
        report: reports.add,
        ended: () => {},
      },
    );
    t.after(async () => {
      await consumer.stop({ drainMs: 0 });
      db.close();
    });
    return consumer;
  };
  return { store, roster, reports, consume };
}

const full = () => new DailiesError('DISK_FULL', 'full');

/** Makes a method of the store fail a few times before it works. */
function failing<K extends 'claim' | 'acknowledge' | 'postpone'>(store: Store, method: K, times: number): void {
  const original = store[method].bind(store) as (...args: unknown[]) => unknown;
  let left = times;
  const replaced = (...args: unknown[]): unknown => {
    if (left-- > 0) throw full();
    return original(...args);
  };
  Object.assign(store, { [method]: replaced });
}

test('a disk that is full when records are taken is asked again, without anybody telling', TIMEOUT, async (t) => {
  const { store, reports, consume } = setUp(t);
  store.publish([message('work', 'k', 'x')], Date.now());
  failing(store, 'claim', 3);
  const handled = new Happenings<string>();
  consume({ handler: async ({ key }) => handled.add(key) });
  await handled.first(1);
  assert.deepEqual(
    reports.all.map(({ code }) => code),
    ['DISK_FULL', 'DISK_FULL', 'DISK_FULL'],
  );
});

// Seen: when the acknowledgement failed, and then the giving back too, the record stayed with a member that did nothing.
test(
  'an acknowledgement that the disk refuses is kept until it can be written; the work is not done again',
  TIMEOUT,
  async (t) => {
    const { store, reports, consume } = setUp(t);
    store.publish([message('work', 'k', 'x')], Date.now());
    failing(store, 'acknowledge', 3);
    failing(store, 'postpone', 3);
    const handled: string[] = [];
    const consumer = consume({ handler: async ({ key }) => void handled.push(key) });
    await reports.first(3);
    await consumer.stop({ drainMs: 50_000 });
    assert.deepEqual(store.lag(), [{ topic: 'work', group: GROUP, waiting: 0, inFlight: 0 }]);
    assert.deepEqual(handled, ['k']);
  },
);

test('a consumer with no room does not ask for the time of a retry that is overdue', TIMEOUT, async (t) => {
  const { store, consume } = setUp(t);
  store.publish([message('work', 'a', 'x'), message('work', 'b', 'x')], Date.now());
  let asked = 0;
  const nextDue = store.nextDue.bind(store);
  store.nextDue = (...args) => {
    asked++;
    return nextDue(...args);
  };
  const started = new Happenings<string>();
  consume({
    async handler({ key }) {
      started.add(key);
      await Promise.withResolvers<void>().promise;
    },
  });
  await started.first(1);
  await settle();
  assert.equal(asked, 0);
});

test('a handler is told when its record was taken away, not before', TIMEOUT, async (t) => {
  const { store, roster, consume } = setUp(t);
  store.publish([message('work', 'a', 'x')], Date.now());
  const signals = new Happenings<AbortSignal>();
  const consumer = consume({
    concurrency: 2,
    async handler(_record, { signal }) {
      signals.add(signal);
      await Promise.withResolvers<void>().promise;
    },
  });
  const [signal] = await signals.first(1);
  consumer.dropLost();
  assert.equal(signal?.aborted, false);
  roster.leave();
  consumer.dropLost();
  assert.equal(signal?.aborted, true);
});

test('stop waits for drainMs, not only for the moment that aborted handlers get', TIMEOUT, async (t) => {
  const { store, reports, consume } = setUp(t);
  store.publish([message('work', 'a', 'x')], Date.now());
  const started = new Happenings<string>();
  const gate = Promise.withResolvers<void>();
  const consumer = consume({
    async handler({ key }) {
      started.add(key);
      await gate.promise;
    },
  });
  await started.first(1);
  const stopped = consumer.stop({ drainMs: 50_000 });
  const grace = Promise.withResolvers<void>();
  setTimeout(grace.resolve, 20); // longer than abortGraceMs: a stop that did not wait would be over
  await grace.promise;
  gate.resolve();
  await stopped;
  assert.deepEqual([consumer.inFlight, reports.all], [0, []]);
  assert.deepEqual(store.lag(), [{ topic: 'work', group: GROUP, waiting: 0, inFlight: 0 }]);
});
