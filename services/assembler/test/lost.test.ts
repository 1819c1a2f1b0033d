import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  decodeEvent,
  decodeRecording,
  type EncodedMessage,
  encodeEvent,
  type GradedMessage,
  TOPICS,
} from '@dailies/contracts';
import { openLibrary } from '@dailies/library';
import { assemble } from '../src/handle.ts';
import { forgetEnded } from '../src/lost.ts';
import type { AssemblerPorts } from '../src/ports.ts';
import {
  batchFailed,
  contents,
  eventTypes,
  foundEvent,
  graded,
  ID,
  makeStage,
  NEVER,
  PATH,
  payloadOf,
  viewOf,
} from './helpers.ts';

// Somebody emptied the work folder while a recording was in hand. Its batches had been acknowledged, so nobody sent them
// again: it was graded for ever.

async function setup(t: TestContext, over: (root: string) => Partial<AssemblerPorts> = () => ({})) {
  const stage = await makeStage(t);
  const view = viewOf(stage.published, foundEvent(stage.found()));
  const warnings: object[] = [];
  const ports = stage.ports(view, { warn: (facts) => warnings.push(facts), ...over(stage.root) });
  /** What is told comes back to our view, as it does soon. */
  const give = async (message: GradedMessage): Promise<EncodedMessage[]> => {
    const payload = message.type === 'graded-batch' ? payloadOf(message.index) : new Uint8Array();
    const answers = await assemble(message, payload, ports, NEVER);
    stage.published.push(...answers);
    view.catchUp();
    return answers;
  };
  const split = (): void => {
    const of = { v: 1, recordingId: ID, run: 0, at: '2026-08-01T10:00:00.000Z', cut: 'copy' } as const;
    stage.published.push(encodeEvent({ ...of, type: 'splitting', frames: 4, durationMs: 133, look: 'both' }));
    view.catchUp();
  };
  const lose = () => rm(join(stage.library.work, ID), { recursive: true });
  return { ...stage, view, warnings, give, split, lose };
}

const isAnew = (answers: readonly EncodedMessage[]): void => {
  assert.deepEqual(eventTypes(answers), ['found']);
  const [work] = answers.filter((message) => message.topic === TOPICS.recordings);
  assert.partialDeepStrictEqual(decodeRecording(work as EncodedMessage), { recordingId: ID, run: 1, cut: 'copy' });
};

test('a recording whose batches are gone is begun anew with the next message, and finished', async (t) => {
  for (const next of ['batch', 'complete'] as const) {
    const { give, split, lose, complete, warnings, library, view } = await setup(t);
    split();
    await give(graded(0));
    await lose();
    isAnew(await give(next === 'batch' ? graded(1) : complete()));
    assert.equal(warnings.length, 1, 'told to the operator');
    assert.equal(view.get(ID)?.state, 'found');
    assert.deepEqual(await contents(library.work), {}, 'nothing of the old run is stored any more');
    assert.deepEqual(await give(graded(1)), [], 'what was on its way is dropped');
    const run = { run: 1 };
    await give(complete(run));
    await give(graded(0, run));
    assert.deepEqual(eventTypes(await give(graded(1, run))), ['finished']);
  }
});

test('when only the note of the split’s end was there, and is gone', async (t) => {
  const { give, split, lose, complete } = await setup(t);
  split();
  await give(complete());
  await lose();
  isAnew(await give(graded(0)));
});

test('gone while the film is made: nothing is published, and it is begun anew', async (t) => {
  const { give, split, complete, library } = await setup(t, (root) => ({
    async makeFilm({ batches, film }) {
      await writeFile(film, '');
      await rm(join(root, 'work', ID), { recursive: true });
      for (const batch of batches) await batch.read();
      throw new Error('the batches could be read');
    },
  }));
  split();
  await give(graded(0));
  await give(graded(1));
  isAnew(await give(complete()));
  assert.deepEqual(
    Object.keys(await contents(library.processed)).filter((name) => !name.startsWith('.')),
    [],
  );
});

test('what is gone because its run is over is not lost, though our view does not show the end yet', async (t) => {
  const { give, split, lose, published, warnings } = await setup(t);
  split();
  await give(graded(0));
  // Another process has given it up, and has swept.
  const end = { v: 1, recordingId: ID, run: 0, at: '2026-08-01T10:00:01.000Z' } as const;
  published.push(encodeEvent({ ...end, type: 'failed', code: 'X', reason: 'x' }));
  await lose();
  assert.deepEqual(eventTypes(await give(graded(1))), ['batch-stored']);
  assert.deepEqual(warnings, []);
});

test('what is gone because the recording is cut again is not lost', async (t) => {
  const { give, split, warnings } = await setup(t);
  split();
  await give(graded(0));
  await give(batchFailed({ code: 'FRAMES_MISMATCH', reason: '3 of 4 frames.' }));
  assert.deepEqual(eventTypes(await give(graded(1))), ['batch-stored']);
  assert.deepEqual(warnings, []);
});

// It was begun anew, and the new run found no recording: it had failed, with film and original in their places.
for (const when of ['at once', 'before the next delivery'] as const) {
  test(`gone after the original was archived (${when}): it is finished, with its own film`, async (t) => {
    let dies = true;
    const { give, split, complete, library, view, published, lose } = await setup(t, (root) => {
      const { films } = openLibrary({ recordings: root });
      const sidecars = async (...args: [string, string]): Promise<void> => {
        if (!dies) return films.sidecars(...args);
        dies = false;
        if (when === 'at once') await lose();
        throw new Error('killed');
      };
      return { films: { ...films, sidecars } };
    });
    const other = { v: 1, recordingId: 'fedcba9876543210', run: 0, at: '2026-08-01T09:00:00.000Z' } as const;
    const numbers = { frames: 1, durationMs: 1, filmBytes: 5 };
    await mkdir(join(library.processed, 's'), { recursive: true });
    await writeFile(join(library.processed, PATH), 'other');
    published.push(encodeEvent({ ...other, type: 'finished', film: PATH, archived: 's/other.mp4', ...numbers }));
    split();
    await give(graded(0));
    await give(complete());
    if (when === 'before the next delivery') {
      await assert.rejects(give(graded(1)), /killed/);
      view.catchUp();
      await lose();
    }
    const [answer] = await give(graded(1));
    assert.partialDeepStrictEqual(decodeEvent(answer as EncodedMessage), {
      ...{ type: 'finished', run: 0, film: 's/room (2).mp4', archived: PATH, frames: 4, filmBytes: 18 },
    });
    assert.equal(view.get(ID)?.state, 'finished');
  });
}

// It grew by an entry for each recording, for as long as the process lived.
test('what was noted of a recording is let go when it has ended', async (t) => {
  const { split, published, view } = await setup(t);
  const noted = new Map([[ID, '0-copy']]);
  t.after(forgetEnded({ view, noted }));
  split();
  assert.equal(noted.size, 1);
  published.push(
    encodeEvent({
      v: 1,
      recordingId: ID,
      run: 0,
      at: '2026-08-01T10:00:01.000Z',
      type: 'failed',
      code: 'X',
      reason: 'x',
    }),
  );
  view.catchUp();
  assert.equal(noted.size, 0);
});
