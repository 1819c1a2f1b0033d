import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { message } from '../../src/conformance/harness.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { type Member, thisMember } from '../../src/sqlite/members.ts';
import { Roster } from '../../src/sqlite/roster.ts';
import { type Claim, Store } from '../../src/sqlite/store.ts';
import { temporaryFolder } from '../helpers/sqlite.ts';

const NOW = 1_000_000;
const NOBODY = () => [];

function setUp(t: TestContext) {
  const path = join(temporaryFolder(t), 'bus.sqlite');
  const db = openDatabase(path, { readOnly: false });
  t.after(() => db.close());
  const store = new Store(db, {
    work: { groups: ['group'], keep: 'until-acknowledged' },
    kept: { groups: ['group'], keep: { forMs: 1000 } },
  });
  store.begin();
  const enter = (): { member: Member; roster: Roster } => {
    const member = thisMember();
    const roster = new Roster(db, member);
    roster.beat(NOW, NOBODY);
    return { member, roster };
  };
  const claim = (member: Member): Claim => {
    const claimed = store.claim('work', 'group', member.id, NOW);
    assert.ok(claimed, 'nothing to claim');
    return claimed;
  };
  const count = (table: string): number => Number(db.sql(`SELECT count(*) AS n FROM ${table}`).get()?.n);
  return { path, db, store, enter, claim, count };
}

test('a lease that was lost acknowledges nothing and publishes nothing, even when the same member has the record again', (t) => {
  const { store, enter, claim, count } = setUp(t);
  const [frozen, other] = [enter(), enter()];
  store.publish([message('work', 'k', 'x')], NOW);
  const first = claim(frozen.member);
  // Frozen, taken for dead, woken: it is on the roster again and takes the record once more.
  other.roster.beat(NOW, (others) => others);
  assert.equal(store.claim('work', 'group', frozen.member.id, NOW), null, 'one who is not on the roster takes nothing');
  assert.equal(frozen.roster.beat(NOW, NOBODY), true);
  const second = claim(frozen.member);
  assert.equal(second.record.offset, first.record.offset);
  assert.deepEqual([first.deaths, second.deaths, second.record.attempt], [0, 1, 2]);

  assert.equal(store.holds(first.lease), false);
  assert.equal(store.acknowledge(first.lease, [message('kept', 'k', 'late')], NOW), false);
  assert.equal(store.postpone(first.lease, { retries: 1, waits: 0 }, NOW), false);
  assert.equal(store.giveBack(first.lease), false);
  assert.equal(count('records'), 1);
  assert.equal(store.holds(second.lease), true);
  assert.equal(store.acknowledge(second.lease, [message('kept', 'k', 'good')], NOW), true);
  assert.equal(store.acknowledge(second.lease, [message('kept', 'k', 'twice')], NOW), false);
  assert.equal(count('records'), 1, 'only the answer is left');
});

test('a member that leaves gives its records back without counting against them', (t) => {
  const { store, enter, claim } = setUp(t);
  const [one, two] = [enter(), enter()];
  store.publish([message('work', 'k', 'x')], NOW);
  claim(one.member);
  one.roster.leave();
  assert.deepEqual([claim(two.member).record.attempt], [1]);
});

test('a record whose bytes or headers were changed on the disk is known', (t) => {
  const { path, store, enter, claim } = setUp(t);
  const { member } = enter();
  store.publish(
    ['bytes', 'headers', 'neither'].map((key) => message('work', key, 'x')),
    NOW,
  );
  const disk = new DatabaseSync(path);
  disk.exec(
    "UPDATE records SET value = x'00' WHERE key = 'bytes'; UPDATE records SET headers = '{' WHERE key = 'headers'",
  );
  disk.close();
  const claims = [claim(member), claim(member), claim(member)];
  assert.deepEqual(
    claims.map(({ record, intact }) => [record.key, intact]),
    [
      ['bytes', false],
      ['headers', false],
      ['neither', true],
    ],
  );
});

test('a kept record goes when it is old and all groups have acknowledged it', (t) => {
  const { store, enter, count } = setUp(t);
  const { member } = enter();
  store.publish([message('kept', 'a', 'x'), message('kept', 'b', 'x')], NOW);
  const claimed = store.claim('kept', 'group', member.id, NOW);
  assert.ok(claimed);
  store.acknowledge(claimed.lease, [], NOW);
  store.expire(NOW + 1000);
  assert.equal(count('records'), 2, 'not old enough');
  store.expire(NOW + 1001);
  assert.equal(count('records'), 1, 'the one that was acknowledged');
});

// Every event of 180 days was read once a minute, under the lock that all writers wait for.
test('nothing is read beyond the first record that is young; one from the future is passed over', (t) => {
  const { db, store, count } = setUp(t);
  db.sql('DELETE FROM groups').run();
  const put = (key: string, at: number): void => store.publish([message('kept', key, 'x')], at);
  put('of a clock that was ahead', NOW + 1e9);
  put('old', NOW);
  put('young', NOW + 500);
  put('behind it', NOW);
  store.expire(NOW + 1001);
  const keys = db.sql('SELECT key FROM records ORDER BY id').all();
  assert.deepEqual(
    keys.map(({ key }) => key),
    ['of a clock that was ahead', 'young', 'behind it'],
  );
  store.expire(NOW + 2000);
  assert.equal(count('records'), 1);
});

test('a retry that is due later than any backoff is due now', (t) => {
  const { store, enter, claim } = setUp(t);
  const { member } = enter();
  store.publish([message('work', 'k', 'x')], NOW);
  store.postpone(claim(member).lease, { retries: 1, waits: 0 }, NOW + 500);
  assert.equal(store.claim('work', 'group', member.id, NOW, NOW + 500), null);
  assert.equal(store.nextDue('work', 'group', NOW, NOW + 400), NOW + 400);
  assert.equal(store.claim('work', 'group', member.id, NOW, NOW + 499)?.record.attempt, 2);
});

test('a full disk is told as such, and nothing is half written', (t) => {
  const { db, store, enter, claim, count } = setUp(t);
  const { member } = enter();
  store.publish([message('work', 'k', 'x')], NOW);
  const { lease } = claim(member);
  const { page_count: pages } = db.sql('PRAGMA page_count').get() as { page_count: number };
  db.exec(`PRAGMA max_page_count=${pages}`);
  const large = message('kept', 'k', new Uint8Array(1_000_000));
  const full = { code: 'DISK_FULL', message: /Free some space/ };
  assert.throws(() => store.publish([message('kept', 'k', 'small'), large], NOW), full);
  assert.throws(() => store.acknowledge(lease, [large], NOW), full);
  assert.equal(count('records'), 1);
  db.exec(`PRAGMA max_page_count=${pages + 1000}`);
  assert.equal(store.acknowledge(lease, [large], NOW), true);
});
