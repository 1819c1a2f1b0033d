import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { decodeRecording, type EncodedMessage, encodeEvent, type GradedMessage, TOPICS } from '@dailies/contracts';
import { assemble } from '../src/handle.ts';
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
