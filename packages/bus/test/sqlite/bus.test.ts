import assert from 'node:assert/strict';
import { chmodSync, closeSync, existsSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { DailiesError, TOPICS } from '@dailies/contracts';
import { startChild } from '../../src/conformance/child.ts';
import { BASE, collect, GROUP, Happenings, message, setUp, TIMEOUT, textOf } from '../../src/conformance/harness.ts';
import { type Bus, type BusRecord, openSqliteBus, type SqliteBusOptions, type TopicRules } from '../../src/index.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { thisMember } from '../../src/sqlite/members.ts';
import { Roster } from '../../src/sqlite/roster.ts';
import { Store } from '../../src/sqlite/store.ts';
import { makeSqliteBus, QUICK, temporaryFolder } from '../helpers/sqlite.ts';

const TOPICS_OF_TEST: Readonly<Record<string, TopicRules>> = {
  work: { groups: [GROUP], keep: 'until-acknowledged' },
  kept: { groups: [], keep: { forMs: 1000 } },
  [TOPICS.deadLetters]: { groups: [], keep: { forMs: 3_600_000 } },
};

function newBus(t: TestContext, options: Partial<SqliteBusOptions> = {}) {
  const opened: Bus[] = [];
  t.after(() => Promise.all(opened.map((bus) => bus.close())));
  const path = join(temporaryFolder(t), 'deep', 'bus.sqlite');
  const open = (more: Partial<SqliteBusOptions> = {}) => {
    const bus = openSqliteBus({ path, topics: TOPICS_OF_TEST, ...QUICK, ...options, ...more });
    opened.push(bus);
    return bus;
  };
  return { path, open };
}

/** Overwrites the first page of a table with what is no page. */
function spoil(path: string, table: string): void {
  const db = new DatabaseSync(path, { readOnly: true });
  const root = Number(db.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(table)?.rootpage);
  const pageSize = Number(db.prepare('PRAGMA page_size').get()?.page_size);
  db.close();
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(pageSize, 0x55), 0, pageSize, (root - 1) * pageSize);
  closeSync(file);
}

test('a bus that is opened for reading sees what others write, and writes nothing', TIMEOUT, async (t) => {
  const { open } = newBus(t);
  const writer = open();
  await writer.publish([message('kept', 'k', 'before')]);
  const reader = open({ readOnly: true });
  const seen = await collect(reader, 'kept');
  await writer.publish([message('kept', 'k', 'after'), message('work', 'k', 'x')]);
  assert.deepEqual((await seen.first(2)).map(textOf), ['before', 'after']);
  assert.deepEqual(await reader.lag(), [{ topic: 'work', group: GROUP, waiting: 1, inFlight: 0 }]);
  await assert.rejects(reader.publish([message('kept', 'k', 'x')]), {
    code: 'BUS_FAILED',
    message: /for reading alone/,
  });
});

test('a bus that does not exist, or is none, cannot be opened for reading', (t) => {
  const { path, open } = newBus(t);
  assert.throws(() => open({ readOnly: true }), { code: 'BUS_FAILED', message: /no bus at .*Start Dailies first/ });
  const empty = join(temporaryFolder(t), 'empty.sqlite');
  writeFileSync(empty, '');
  assert.throws(() => open({ path: empty, readOnly: true }), { code: 'BUS_FAILED', message: /is no bus/ });
  assert.equal(existsSync(path), false, 'looking makes nothing');
});

test('a file that is no database is refused with what to do', async (t) => {
  const { path, open } = newBus(t);
  await open().close();
  writeFileSync(path, 'this is not a database, and long enough to be looked at. '.repeat(100));
  for (const readOnly of [false, true]) {
    assert.throws(() => open({ readOnly }), { code: 'BUS_FAILED', message: /is damaged .*Move the file away/ });
  }
});

test('a consumer whose file is damaged ends with the reason', TIMEOUT, async (t) => {
  const { path, open } = newBus(t);
  const before = open();
  await before.publish([message('work', 'k', 'x')]);
  await before.close();
  spoil(path, 'deliveries');
  const errors: DailiesError[] = [];
  const consumer = await open({ onError: (error) => errors.push(error) }).consume({
    ...BASE,
    topic: 'work',
    group: GROUP,
    handler: async () => {},
  });
  await assert.rejects(consumer.done, { code: 'BUS_FAILED', message: /is damaged/ });
  assert.match(errors[0]?.message ?? '', /is damaged/);
});

test('a file of another version is refused, not changed', async (t) => {
  const { path, open } = newBus(t);
  await open().close();
  const db = new DatabaseSync(path);
  db.exec('PRAGMA user_version=99');
  db.close();
  for (const readOnly of [false, true]) {
    assert.throws(() => open({ readOnly }), { code: 'BUS_FAILED', message: /another version of Dailies \(99/ });
  }
});

test('a folder that cannot be made is named', (t) => {
  const file = join(temporaryFolder(t), 'file');
  writeFileSync(file, '');
  assert.throws(() => openSqliteBus({ path: join(file, 'deep', 'bus.sqlite'), topics: {} }), {
    message: /The folder .*deep for the bus cannot be made/,
  });
});

test('a reader without the right to write reads a bus that nobody has open', {
  ...TIMEOUT,
  skip: process.getuid?.() === 0 && 'root may write everywhere',
}, async (t) => {
  const { path, open } = newBus(t);
  const writer = open();
  await writer.publish([message('kept', 'k', 'x')]);
  await writer.close();
  const seen: string[] = [];
  const folder = join(path, '..');
  chmodSync(folder, 0o500);
  chmodSync(path, 0o400);
  try {
    await open({ readOnly: true }).tail('kept', (record) => seen.push(textOf(record)));
  } finally {
    chmodSync(folder, 0o700);
  }
  assert.deepEqual(seen, ['x']);
});

test('a bus whose file is removed says so', TIMEOUT, async (t) => {
  const { path, open } = newBus(t);
  const errors = new Happenings<DailiesError>();
  open({ onError: errors.add });
  rmSync(path);
  const [error] = await errors.first(1);
  assert.match(error?.message ?? '', /was removed or replaced while it is in use/);
});

test('a bus that is closed takes itself off the roster', async (t) => {
  const { path, open } = newBus(t);
  await open().close();
  const db = new DatabaseSync(path, { readOnly: true });
  t.after(() => db.close());
  assert.deepEqual(db.prepare('SELECT * FROM members').all(), []);
});

test('a record whose bytes were changed on the disk goes to the dead letters', TIMEOUT, async (t) => {
  const { open, forChild, work } = await setUp(t, makeSqliteBus);
  const bus = await open();
  const dead = await collect(bus, TOPICS.deadLetters, work);
  await bus.publish([message(work, 'k', 'good')]);
  const { path } = forChild.options as SqliteBusOptions;
  const disk = new DatabaseSync(path);
  disk.exec("UPDATE records SET value = x'00'");
  disk.close();
  const handled: string[] = [];
  await bus.consume({ ...BASE, topic: work, group: GROUP, handler: async (record) => void handled.push(record.key) });
  const [letter] = await dead.first(1);
  assert.match(letter?.headers['dead-letter-reason'] ?? '', /not those that were published/);
  assert.deepEqual(handled, []);
});

test('a record of a dead process is there at once when the bus is opened again', TIMEOUT, async (t) => {
  const { open, forChild, work, answers } = await setUp(t, makeSqliteBus);
  const bus = await open();
  await bus.publish([message(work, 'k', 'x')]);
  await bus.close();
  const child = await startChild(t, {
    bus: forChild,
    topic: work,
    group: GROUP,
    concurrency: 1,
    mode: 'hang',
    answerTo: answers,
  });
  await child.reports.find(({ event }) => event === 'handling');
  await child.kill();
  // No heartbeat ever: the death can only be seen when the bus is opened.
  const again = openSqliteBus({ ...(forChild.options as SqliteBusOptions), heartbeatMs: 1e9, expiryMs: 1e9 });
  t.after(() => again.close());
  const attempts = new Happenings<number>();
  await again.consume({ ...BASE, topic: work, group: GROUP, handler: async ({ attempt }) => attempts.add(attempt) });
  assert.deepEqual(await attempts.first(1), [2]);
});

test(
  'a record that kills its process again and again ends in the dead letters after attempts + 2 deliveries',
  TIMEOUT,
  async (t) => {
    const { path, open } = newBus(t);
    const bus = open();
    const dead = await collect(bus, TOPICS.deadLetters);
    await bus.publish([message('work', 'k', 'x')]);
    const attempts = 3;
    const db = openDatabase(path, { readOnly: false });
    t.after(() => db.close());
    const store = new Store(db, TOPICS_OF_TEST);
    for (let delivery = 1; delivery <= attempts + 2; delivery++) {
      const victim = thisMember();
      new Roster(db, victim).beat(Date.now(), () => []);
      assert.equal(store.claim('work', GROUP, victim.id, Date.now())?.record.attempt, delivery);
      new Roster(db, thisMember()).beat(Date.now(), (others) => others.filter(({ id }) => id === victim.id));
    }
    const handled: string[] = [];
    const handler = async ({ key }: BusRecord) => void handled.push(key);
    await bus.consume({ ...BASE, attempts, topic: 'work', group: GROUP, handler });
    const [letter] = await dead.first(1);
    assert.deepEqual(handled, []);
    assert.partialDeepStrictEqual(letter?.headers, { 'dead-letter-attempts': '6', 'dead-letter-code': 'INTERNAL' });
    assert.match(letter?.headers['dead-letter-reason'] ?? '', /5 processes died/);
  },
);

// Seen: the consumer looked for due records, found none, then asked for the next time that lay in the future. A retry that
// fell due between the two looks at the clock was in neither answer, and nobody woke up for it.
test('a retry that falls due while the consumer looks is not missed', TIMEOUT, async (t) => {
  let ms = 0;
  const bus = newBus(t).open({ clock: { now: () => ms++, monotonic: () => 0 }, heartbeatMs: 1e9, pollMs: 1e9 });
  await bus.publish([message('work', 'k', 'x')]);
  const handled = new Happenings<number>();
  await bus.consume({
    ...BASE,
    topic: 'work',
    group: GROUP,
    backoff: { initialMs: 1, factor: 1.3, maxMs: 6 },
    async handler({ attempt }) {
      handled.add(attempt);
      throw new DailiesError('DISK_FULL', 'not yet');
    },
  });
  await handled.first(15);
});

// A machine without a battery for its clock was three days ahead until NTP set it right: what waited for a retry by then
// waited three days.
test('a clock that is set back holds no retry for longer than its backoff', TIMEOUT, async (t) => {
  let aheadMs = 3 * 86_400_000;
  const clock = { now: () => Date.now() + aheadMs, monotonic: () => performance.now() };
  const bus = newBus(t, { clock }).open();
  const attempts = new Happenings<number>();
  await bus.consume({
    ...{ ...BASE, topic: 'work', group: GROUP, backoff: { initialMs: 50, maxMs: 50, factor: 1 } },
    async handler({ attempt }) {
      attempts.add(attempt);
      if (attempt === 1) throw new DailiesError('DISK_FULL', 'full');
    },
    onRetry() {
      aheadMs = 0;
    },
  });
  await bus.publish([message('work', 'k', 'x')]);
  assert.deepEqual(await attempts.first(2), [1, 2]);
});
