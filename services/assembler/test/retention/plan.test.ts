import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyEvent, type DailiesEvent, decodeEvent, type RecordingsView } from '@dailies/contracts';
import { archivedOf, reasonToGo } from '../../src/retention/plan.ts';
import { apply, planned, type RetentionPorts } from '../../src/retention/retain.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-08-31T00:00:00.000Z');
const idOf = (n: number): string => n.toString(16).padStart(16, '0');

/** A recording that was finished so many days ago. */
function events(
  n: number,
  days: number,
  over: { film?: string; archived?: string; sizeBytes?: number } = {},
): DailiesEvent[] {
  const base = { v: 1, recordingId: idOf(n), run: 0, at: new Date(NOW - days * DAY).toISOString() } as const;
  const { film = `${n}.mp4`, archived = `${n}.mp4`, sizeBytes = 100 } = over;
  return [
    { ...base, type: 'found', path: `${n}.mp4`, kind: 'video', sizeBytes, fingerprint: `f${n}` },
    { ...base, type: 'finished', film, archived, frames: 1, durationMs: 1, filmBytes: 10 },
  ];
}

function recordings(...all: DailiesEvent[][]) {
  const view: RecordingsView = new Map();
  for (const event of all.flat()) applyEvent(view, event);
  return [...view.values()];
}

/** Ports without a disk; `spoiled` are kept by the look, `late` by the last look before deleting. */
function ports(options: { freeBytes?: number; spoiled?: string[]; late?: string[] } = {}) {
  const removed: string[] = [];
  const told: DailiesEvent[] = [];
  const looked: string[] = [];
  const fake: RetentionPorts = {
    async whyKept({ archived }) {
      looked.push(archived);
      return options.spoiled?.includes(archived) ? 'spoiled' : null;
    },
    async remove({ archived }) {
      if (options.late?.includes(archived)) return 'changed';
      removed.push(archived);
      return null;
    },
    freeBytes: async () => options.freeBytes ?? 0,
    async publish(messages) {
      for (const { topic, headers, value } of messages) told.push(decodeEvent({ topic, headers, value }));
    },
    now: () => NOW,
  };
  return { fake, removed, told, looked };
}

test('by age: those that are old enough, oldest first; nobody looks at the others', async () => {
  const { fake, looked } = ports();
  const plan = await planned(recordings(events(1, 30), events(2, 90), events(3, 60)), { retentionDays: 60 }, fake);
  assert.deepEqual(
    plan.remove.map(({ archived, because }) => `${archived} ${because}`),
    ['2.mp4 age', '3.mp4 age'],
  );
  assert.deepEqual([plan.stay, plan.kept, plan.missingBytes], [1, [], 0]);
  assert.deepEqual(looked, ['2.mp4', '3.mp4']);
});

test('by free space: oldest first, until there is enough, and no further', async () => {
  const all = recordings(events(1, 1), events(2, 3), events(3, 2));
  const { fake } = ports({ freeBytes: 50 });
  const plan = await planned(all, { retentionMinFreeBytes: 200 }, fake);
  assert.deepEqual(
    plan.remove.map(({ archived, because }) => `${archived} ${because}`),
    ['2.mp4 space', '3.mp4 space'],
  );
  assert.equal(plan.missingBytes, 0);
  assert.equal((await planned(all, { retentionMinFreeBytes: 1000 }, fake)).missingBytes, 650);
  assert.deepEqual((await planned(all, { retentionMinFreeBytes: 50 }, fake)).remove, []);
});

test('one that may not go frees nothing, and the next one goes for it', async () => {
  const { fake } = ports({ freeBytes: 0, spoiled: ['2.mp4'] });
  const plan = await planned(
    recordings(events(1, 1), events(2, 3), events(3, 2)),
    { retentionMinFreeBytes: 100 },
    fake,
  );
  assert.deepEqual(
    plan.remove.map(({ archived }) => archived),
    ['3.mp4'],
  );
  assert.deepEqual(plan.kept, [{ archived: '2.mp4', why: 'spoiled' }]);
});

test('without a rule nothing goes', () => {
  assert.equal(reasonToGo({ endedAtMs: 0 }, {}, { nowMs: NOW, freeBytes: 0 }), null);
});

const whyOf = (...all: DailiesEvent[][]) => {
  const { candidates, kept } = archivedOf(recordings(...all), NOW);
  return [
    ...candidates.map(({ archived }) => `${archived} may go`),
    ...kept.map(({ archived, why }) => `${archived}: ${why}`),
  ];
};

test('kept: finished in the future, processed again, failed again, and what is gone by rule already', () => {
  assert.match(whyOf(events(1, -1)).join(), /finished in the future/);
  const [found] = events(1, 1);
  assert.ok(found);
  assert.match(whyOf(events(1, 9), [{ ...found, run: 1 }]).join(), /processed again \(found\)/);
  const failed: DailiesEvent = {
    v: 1,
    type: 'failed',
    recordingId: idOf(1),
    run: 1,
    at: found.at,
    code: 'RECORDING_GONE',
    reason: '',
  };
  assert.match(whyOf(events(1, 9), [{ ...found, run: 1 }, failed]).join(), /processed again \(failed\)/);
});

test('kept: two recordings that name one original, or one film', () => {
  const one = whyOf(events(1, 9), events(2, 8, { archived: '1.mp4' }));
  assert.deepEqual(one, Array(2).fill('1.mp4: two recordings name it as their original'));
  const film = whyOf(events(1, 9), events(2, 8, { film: '1.mp4' }), events(3, 7));
  assert.deepEqual(
    film.map((line) => line.slice(0, 25)),
    ['3.mp4 may go', '1.mp4: two recordings nam', '2.mp4: two recordings nam'],
  );
});

test('what is deleted is told once; the view shows it, and nothing is planned again', async () => {
  const { fake, told, removed } = ports({ late: ['2.mp4'] });
  const all = [events(1, 90), events(2, 90)];
  const plan = await planned(recordings(...all), { retentionDays: 30 }, fake);
  const { kept } = await apply(plan, fake);
  assert.deepEqual([removed, kept], [['1.mp4'], [{ archived: '2.mp4', why: 'changed' }]]);
  assert.partialDeepStrictEqual(told, [
    { type: 'archive-removed', recordingId: idOf(1), because: 'age', sizeBytes: 100 },
  ]);
  const after = recordings(...all, told);
  assert.partialDeepStrictEqual(after[0], { state: 'finished', archiveRemovedAt: new Date(NOW).toISOString() });
  assert.deepEqual(
    (await planned(after, { retentionDays: 30 }, fake)).remove.map(({ archived }) => archived),
    ['2.mp4'],
  );
});

test('an original that was put back and processed again is there again', () => {
  const [found, finished] = events(1, 9);
  const gone = { v: 1, type: 'archive-removed', recordingId: idOf(1), run: 0, at: found?.at ?? '' } as const;
  assert.ok(found && finished);
  const [status] = recordings([
    found,
    finished,
    { ...gone, archived: '1.mp4', sizeBytes: 1, because: 'age' },
    { ...found, run: 1 },
    { ...finished, run: 1 },
    { ...gone, archived: '1.mp4', sizeBytes: 1, because: 'age' },
  ]);
  assert.partialDeepStrictEqual(status, { run: 1, archiveRemovedAt: null });
});
