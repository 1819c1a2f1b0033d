import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../helpers/temporary.ts';
import type { Fault } from './faults.ts';
import { countGradings, inHandAt } from './gradings.ts';
import { type Findings, problemsOf } from './verdict.ts';

const GOOD: Findings = {
  recordings: ['a.mp4', 'b.mp4'],
  states: new Map([
    ['a.mp4', 'finished'],
    ['b.mp4', 'finished'],
  ]),
  films: ['a.mp4', 'b.mp4'],
  originals: ['a.mp4', 'b.mp4'],
  work: [],
  deadLetters: [],
  left: [],
  gradings: { batches: 100, gradings: 100, again: 0, inHand: 0 },
  inexact: [],
  badEnds: [],
};

test('when all is as promised, there is nothing to say', () => {
  assert.deepEqual(problemsOf(GOOD), []);
});

const BROKEN: Readonly<Record<string, { readonly found: Partial<Findings>; readonly says: RegExp }>> = {
  'a recording has not ended': { found: { states: new Map([['a.mp4', 'finished']]) }, says: /b\.mp4 is unknown/ },
  'a recording failed': {
    found: { states: new Map(GOOD.states).set('b.mp4', 'failed') },
    says: /b\.mp4 is failed/,
  },
  'a film is missing': { found: { films: ['a.mp4'] }, says: /no film of b\.mp4/ },
  'a film is there twice': { found: { films: ['a (2).mp4', ...GOOD.films] }, says: /nobody asked for: a \(2\)\.mp4/ },
  'an original is not archived': { found: { originals: ['b.mp4'] }, says: /no archived original of a\.mp4/ },
  'work is left behind': { found: { work: ['id/0-copy/3.batch'] }, says: /work\/id\/0-copy\/3\.batch/ },
  'there is a dead letter': { found: { deadLetters: ['dailies.graded x: why'] }, says: /dead letter: .*why/ },
  'a record is left': { found: { left: ['dailies.graded: 1 waiting, 0 in hand'] }, says: /left on the bus/ },
  'nothing was counted': { found: { gradings: { batches: 0, gradings: 0, again: 0, inHand: 9 } }, says: /no grading/ },
  'too much was graded again': {
    found: { gradings: { batches: 100, gradings: 106, again: 6, inHand: 3 } },
    says: /6 of 100 batches were graded again; 5 are explained/,
  },
  'a film is inexact': { found: { inexact: ['the film of a.mp4 is not exact'] }, says: /not exact/ },
  'a process ended badly': { found: { badEnds: ['assembler-0 ended with 1'] }, says: /assembler-0/ },
};

for (const [what, { found, says }] of Object.entries(BROKEN)) {
  test(`${what}: that is the one thing that is said`, () => {
    const problems = problemsOf({ ...GOOD, ...found });
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0] as string, says);
  });
}

test('gradings that the faults and the two percent explain are no problem', () => {
  assert.deepEqual(problemsOf({ ...GOOD, gradings: { batches: 100, gradings: 105, again: 5, inHand: 3 } }), []);
});

test('gradings are counted from the logs of all workers; lines that are cut off are none', async (t) => {
  const folder = await temporaryFolder(t);
  const line = (recordingId: string, batch: number): string =>
    JSON.stringify({ level: 'debug', msg: 'batch graded', recordingId, batch });
  const logs = [join(folder, 'one'), join(folder, 'two')];
  await writeFile(logs[0] as string, `${line('a', 0)}\n${line('a', 1)}\n{"msg":"batch graded","recor`);
  await writeFile(logs[1] as string, `no json\n${line('a', 1)}\n${line('b', 1)}\n{"msg":"takes frame batches"}\n`);
  assert.deepEqual(await countGradings(logs, 2), { batches: 3, gradings: 4, again: 1, inHand: 2 });
});

test('a fault explains as many further gradings as batches were in the hands that it hit', () => {
  const hands = { slots: 2, workers: 3, splitting: 4 };
  const of = (target: Fault['target'], kind: Fault['kind'], member: Fault['member'] = 0): number =>
    inHandAt(
      {
        target,
        kind,
        member,
        number: 0,
        withChildren: true,
        moment: { event: 'any', count: 1, jitterMs: 0 },
        forMs: 0,
      },
      hands,
    );
  assert.equal(of('filter-worker', 'kill'), 2);
  assert.equal(of('filter-worker', 'freeze', 'all'), 6);
  assert.equal(of('filter-worker', 'restart'), 0);
  assert.equal(of('frame-splitter', 'kill'), 4);
  assert.equal(of('broker', 'kill'), 10);
  assert.equal(of('assembler', 'kill', 'all'), 0);
  assert.equal(of('ingest-watcher', 'freeze'), 0);
});
