import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild } from '../../src/conformance/child.ts';
import { BASE, collect, GROUP, Happenings, message, setUp, TIMEOUT, textOf } from '../../src/conformance/harness.ts';
import type { BusRecord } from '../../src/index.ts';
import { resultCode, SQLITE } from '../../src/sqlite/errors.ts';
import { makeSqliteBus, QUICK, sqliteBusWith } from '../helpers/sqlite.ts';

const KEYS = 16;
/** Nobody is frozen here but by the machine, and that shall cost nobody its records; the dead are known by their pid. */
const makePatientBus = sqliteBusWith({ ...QUICK, expiryMs: 30_000 });

/** Every number was answered exactly once, and those of one key in their order. */
function assertOnceAndInOrder(answers: readonly BusRecord[], numbers: readonly number[]): void {
  const got = answers.map((answer) => Number(textOf(answer)));
  assert.deepEqual(
    got.toSorted((a, b) => a - b),
    numbers,
  );
  for (let key = 0; key < KEYS; key++) {
    const ofKey = answers.filter((answer) => answer.key === `key ${key}`).map((answer) => Number(textOf(answer)));
    assert.deepEqual(
      ofKey,
      ofKey.toSorted((a, b) => a - b),
      `key ${key}`,
    );
  }
}

/** Stops a process at a moment at which it has no lock of the database: with one it would hold up everybody, as no process may. */
async function freeze(child: Child, path: string): Promise<void> {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    for (;;) {
      child.signal('SIGSTOP');
      await stopped(child.pid);
      if (isFree(database)) return;
      child.signal('SIGCONT');
      await sleep(5);
    }
  } finally {
    database.close();
  }
}

/** Resolves when a process has stopped: a signal comes later than it was sent. */
async function stopped(pid: number): Promise<void> {
  // The name before it, in brackets, may hold anything.
  while (!/\) T [^)]*$/.test(await readFile(`/proc/${pid}/stat`, 'utf8'))) await sleep(5);
}

function isFree(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN IMMEDIATE; ROLLBACK');
    return true;
  } catch (error) {
    if (resultCode(error) === SQLITE.BUSY) return false;
    throw error;
  }
}

test('processes share a group: each record is answered once, in the order of its key', TIMEOUT, async (t) => {
  const { open, forChild, work, answers } = await setUp(t, makePatientBus);
  const bus = await open();
  const answered = await collect(bus, answers);
  const order = { bus: forChild, topic: work, group: GROUP, concurrency: 2, answerTo: answers };
  // Each of the children keeps a record until all have one, so that all take part.
  const children = await Promise.all([0, 1, 2].map(() => startChild(t, { ...order, mode: 'gate' })));
  const numbers = Array.from({ length: 240 }, (_, index) => index);
  await bus.publish(numbers.map((number) => message(work, `key ${number % KEYS}`, String(number))));
  await Promise.all(children.map((child) => child.reports.find(({ event }) => event === 'handling')));
  for (const child of children) child.go();
  const all = await answered.first(numbers.length);
  assertOnceAndInOrder(all, numbers);
  assert.equal(new Set(all.map(({ headers }) => headers.pid)).size, 3);
});

test(
  'processes are killed in the middle of their work: still each record is answered once, in order',
  TIMEOUT,
  async (t) => {
    const { open, forChild, work, answers } = await setUp(t, makePatientBus, { deaths: 1000 });
    const bus = await open();
    const answered = await collect(bus, answers);
    const order = {
      bus: forChild,
      topic: work,
      group: GROUP,
      concurrency: 4,
      answerTo: answers,
      mode: 'work',
    } as const;
    const numbers = Array.from({ length: 600 }, (_, index) => index);
    await bus.publish(numbers.map((number) => message(work, `key ${number % KEYS}`, String(number))));
    const kills = 4;
    for (let kill = 1; kill <= kills; kill++) {
      const enough = kill * 13;
      const child: Child = await startChild(t, { ...order, hangAfter: enough + 20 });
      // Killed at a number of reports that differs each time, whatever it is doing then.
      await child.reports.first(1 + enough);
      await child.kill();
      assert.ok(answered.all.length < numbers.length, 'work was left when it was killed');
    }
    await startChild(t, order);
    await answered.first(numbers.length);
    assertOnceAndInOrder(answered.all, numbers);
  },
);

test(
  'a frozen process loses its record; when it wakes, its answer is refused and its handler told',
  TIMEOUT,
  async (t) => {
    const { open, forChild, work, answers } = await setUp(t, makeSqliteBus);
    const bus = await open();
    const answered = await collect(bus, answers);
    await bus.publish([message(work, 'k', 'x')]);
    const zombie = await startChild(t, {
      bus: forChild,
      topic: work,
      group: GROUP,
      concurrency: 1,
      mode: 'gate',
      answerTo: answers,
    });
    await zombie.reports.find(({ event }) => event === 'handling');
    await freeze(zombie, (forChild.options as { path: string }).path);

    const taken = new Happenings<number>();
    const gate = Promise.withResolvers<void>();
    await bus.consume({
      ...BASE,
      topic: work,
      group: GROUP,
      async handler({ key, attempt }) {
        taken.add(attempt);
        await gate.promise;
        return [message(answers, key, 'by the living')];
      },
    });
    assert.deepEqual(await taken.first(1), [2]);
    zombie.signal('SIGCONT');
    await zombie.reports.find(({ event }) => event === 'aborted');
    zombie.go();
    await zombie.reports.find(({ event }) => event === 'settled');
    assert.deepEqual(answered.all.map(textOf), []);
    gate.resolve();
    await answered.first(1);

    // The zombie lives on and takes part again.
    await bus.publish([message(work, 'k2', 'y'), message(work, 'k3', 'z')]);
    await answered.first(3);
    assert.deepEqual(
      answered.all.map(textOf).filter((text) => text === 'x'),
      [],
    );
  },
);
