import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { type EncodedMessage, encodeEvent } from '@dailies/contracts';
import { createLogger } from '@dailies/service';
import { createSweeper, leftoversOf } from '../src/sweep.ts';
import { contents, foundEvent, ID, makeStage, viewOf } from './helpers.ts';

const OTHER = 'fedcba9876543210';
const key = { recordingId: ID, run: 0, cut: 'copy' } as const;

test('of a run in work everything is needed, of one that has ended nothing', () => {
  assert.deepEqual(leftoversOf({ state: 'grading', run: 0 }), { run: -1, ended: false });
  assert.deepEqual(leftoversOf({ state: 'found', run: 2 }), { run: 1, ended: false });
  for (const state of ['finished', 'failed', 'quarantined'] as const)
    assert.deepEqual(leftoversOf({ state, run: 2 }), { run: 2, ended: true });
});

async function setup(t: TestContext) {
  const stage = await makeStage(t);
  const { library } = stage;
  const told: EncodedMessage[] = [];
  const lines: string[] = [];
  const view = viewOf(told, foundEvent(stage.found()));
  const sweeper = createSweeper({
    view,
    batches: library.batches,
    films: library.films,
    readAll: async () => view,
    log: createLogger({
      level: 'debug',
      format: 'json',
      preferText: false,
      color: false,
      write: (line) => lines.push(line),
    }),
  });
  const at = '2026-08-01T10:00:00.000Z';
  const tell = (event: 'failed' | 'found', run: number): void => {
    told.push(
      encodeEvent(
        event === 'found'
          ? foundEvent(stage.found(run))
          : { v: 1, type: 'failed', recordingId: ID, run, at, code: 'FFMPEG_FAILED', reason: 'no' },
      ),
    );
    view.catchUp();
  };
  const store = (run: number, recordingId = ID) =>
    library.batches.put({ ...key, recordingId, run }, 0, '{}', Buffer.from('x'));
  const kept = async (): Promise<string[]> => Object.keys(await contents(library.work));
  return { ...stage, sweeper, tell, store, kept, view, lines };
}

test('what is kept of a recording goes when the view shows its end, with a film that was begun', async (t) => {
  const { sweeper, tell, store, kept, library } = await setup(t);
  await store(0);
  await sweeper.start();
  assert.deepEqual(await kept(), [`${ID}/0-copy/0.batch`]);
  await library.batches.put(key, 1, '{}', Buffer.from('x'));
  await writeFile(await library.films.temporary(ID), 'half a film');
  tell('failed', 0);
  await sweeper.stop();
  assert.deepEqual(await kept(), []);
  assert.deepEqual(await contents(library.processed), {});
});

test('a replay keeps its own batches', async (t) => {
  const { sweeper, tell, store, kept } = await setup(t);
  await store(0);
  await store(1);
  await sweeper.start();
  tell('failed', 0);
  tell('found', 1);
  await sweeper.stop();
  assert.deepEqual(await kept(), [`${ID}/1-copy/0.batch`]);
});

test('nothing is taken from under a handler; what it leaves goes when it is done', async (t) => {
  const { sweeper, tell, store, kept } = await setup(t);
  await sweeper.start();
  await sweeper.holding(ID, async () => {
    tell('failed', 0);
    await store(0);
    assert.deepEqual(await kept(), [`${ID}/0-copy/0.batch`]);
  });
  await sweeper.stop();
  assert.deepEqual(await kept(), []);
});

test('a start removes what belongs to recordings that have ended, or that nobody knows', async (t) => {
  const { sweeper, tell, store, kept, lines } = await setup(t);
  tell('failed', 0);
  tell('found', 1);
  await store(0);
  await store(1);
  await store(0, OTHER);
  await sweeper.start();
  assert.deepEqual(await kept(), [`${ID}/1-copy/0.batch`]);
  assert.match(lines.join(''), new RegExp(OTHER));
});
