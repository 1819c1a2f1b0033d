import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  DailiesError,
  decodeEvent,
  decodeRecording,
  type EncodedMessage,
  nextRunMessages,
  TOPICS,
} from '@dailies/contracts';
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
  ORIGINAL,
  PATH,
  payloadOf,
  viewOf,
} from './helpers.ts';

async function setup(t: TestContext, over: Partial<AssemblerPorts> = {}) {
  const stage = await makeStage(t);
  const view = viewOf(stage.published, foundEvent(stage.found()));
  const ports = stage.ports(view, over);
  const give = async (message: Parameters<typeof assemble>[0]): Promise<EncodedMessage[]> =>
    assemble(message, message.type === 'graded-batch' ? payloadOf(message.index) : new Uint8Array(), ports, NEVER);
  return { ...stage, view, ports, give };
}

test('a batch is stored and told; the same one again is told again, and kept once', async (t) => {
  const { give, library } = await setup(t);
  for (const _ of ['first', 'again']) assert.deepEqual(eventTypes(await give(graded(0))), ['batch-stored']);
  assert.deepEqual(Object.keys(await contents(library.work)), [`${ID}/0-copy/0.batch`]);
});

test('bytes that are not those that were sent are refused', async (t) => {
  const { give, library } = await setup(t);
  await assert.rejects(give(graded(0, { sha256: 'f'.repeat(64) })), { code: 'MESSAGE_INVALID' });
  assert.deepEqual(await contents(library.work), {});
});

test('with the last batch the film is made, whatever came first', async (t) => {
  const { give, complete, published, library } = await setup(t);
  assert.deepEqual(await give(complete()), []);
  assert.deepEqual(eventTypes(await give(graded(1))), ['batch-stored']);
  const answers = await give(graded(0));
  assert.deepEqual(eventTypes(published), ['batch-stored', 'assembling'], 'told while the film is made');
  const finished = decodeEvent(answers[0] as EncodedMessage);
  assert.deepEqual(finished, {
    v: 1,
    type: 'finished',
    recordingId: ID,
    run: 0,
    at: '2026-08-01T10:00:00.000Z',
    film: PATH,
    archived: PATH,
    frames: 4,
    durationMs: 133,
    filmBytes: 18,
  });
  assert.deepEqual(await contents(library.processed), { [PATH]: 'graded 0;graded 1;' });
});

// It was reported as failed, with neither film nor archive named, although both were there.
test('what lies beside the original makes no failure of a film that is done', async (t) => {
  const warnings: string[] = [];
  const stage = await makeStage(t);
  const films = {
    ...stage.library.films,
    sidecars: () => Promise.reject(new DailiesError('RECORDING_CHANGED', 'metadata.json changed while it was copied.')),
  };
  const { give, complete } = await setup(t, { films, warn: (_facts, text) => warnings.push(text) });
  await give(complete());
  await give(graded(1));
  assert.deepEqual(eventTypes(await give(graded(0))), ['finished']);
  assert.equal(warnings.length, 1);
});

test('an image is one batch, and keeps its name', async (t) => {
  const { give, complete, library } = await setup(t);
  await give(graded(0, { kind: 'image', ptsDeltas: [0], endPts: 1 }));
  const answers = await give(complete({ kind: 'image', batches: 1, frames: 1 }));
  assert.deepEqual(eventTypes(answers), ['finished']);
  assert.deepEqual(await contents(library.processed), { [PATH]: 'graded 0;' });
});

test('a batch that was given up is the end of its recording, which says which batch and why', async (t) => {
  const { give } = await setup(t);
  const answers = await give(batchFailed());
  assert.deepEqual(eventTypes(answers), ['batch-failed', 'failed']);
  const failed = decodeEvent(answers[1] as EncodedMessage);
  assert.equal(failed.type === 'failed' && failed.reason, 'batch 1: ffmpeg said no.');
});

// Its reason began with "batch 0".
test('an image that was given up is no batch to who reads the reason', async (t) => {
  const stage = await makeStage(t);
  const view = viewOf([], foundEvent({ ...stage.found(), kind: 'image' }));
  const answers = await assemble(batchFailed({ index: 0 }), new Uint8Array(), stage.ports(view), NEVER);
  const failed = decodeEvent(answers[1] as EncodedMessage);
  assert.equal(failed.type === 'failed' && failed.reason, 'ffmpeg said no.');
});

test('a recording is cut again once, and batches of the second cut are never removed', async (t) => {
  const { give, view, published, library } = await setup(t);
  await give(graded(0));
  const mismatch = batchFailed({ code: 'FRAMES_MISMATCH', reason: '3 of 4 frames.' });
  const answers = await give(mismatch);
  const again = answers.find((message) => message.topic === TOPICS.recordings) as EncodedMessage;
  assert.deepEqual([decodeRecording(again).cut, decodeRecording(again).run], ['rekey', 0]);
  assert.deepEqual(await contents(library.work), { [`${ID}/`]: 'empty' });
  await give(graded(0, { cut: 'rekey' }));
  // Delivered once more while the view has not seen the answer yet.
  assert.equal((await give(mismatch)).length, 2);
  assert.deepEqual(Object.keys(await contents(library.work)), [`${ID}/0-rekey/0.batch`]);
  published.push(...answers);
  view.catchUp();
  assert.deepEqual(await give(mismatch), [], 'one is enough');
});

test('a recording that went or changed meanwhile fails, and nothing is published', async (t) => {
  const gone = await setup(t);
  await gone.give(graded(0));
  await gone.give(graded(1));
  await gone.put('other bytes of it');
  await assert.rejects(gone.give(gone.complete()), { code: 'RECORDING_CHANGED', message: /s\/room\.mp4 was replaced/ });
  await rm(gone.file);
  await assert.rejects(gone.give(gone.complete()), { code: 'RECORDING_GONE', message: /s\/room\.mp4 was deleted/ });
  assert.deepEqual(await contents(gone.library.processed), {});
});

test('where the disk is not mounted nothing is written, begun anew or given up', async (t) => {
  const { give, complete, library, published } = await setup(t);
  t.after(() => rm(`${library.recordings}.unmounted`, { recursive: true, force: true }));
  await give(graded(0));
  const told = published.length;
  await rename(library.recordings, `${library.recordings}.unmounted`);
  await assert.rejects(give(graded(1)), { code: 'FOLDER_ABSENT', fate: 'wait' });
  await mkdir(library.recordings);
  await assert.rejects(give(complete()), { code: 'FOLDER_ABSENT', fate: 'wait' });
  assert.deepEqual(await readdir(library.recordings), []);
  assert.equal(published.length, told);
  await rmdir(library.recordings);
  await rename(`${library.recordings}.unmounted`, library.recordings);
  await give(graded(1));
  await give(complete());
  assert.ok((await readdir(join(library.processed, 's'))).includes('room.mp4'));
});

test('a film of other frames than the recording has is not published', async (t) => {
  const { give, complete, library } = await setup(t);
  await give(graded(0));
  await give(graded(1));
  await assert.rejects(give(complete({ frames: 5 })), { code: 'FILM_NOT_EXACT', message: /has 4 frames.*has 5/ });
  assert.deepEqual(
    Object.keys(await contents(library.processed)).filter((name) => !name.startsWith('.')),
    [],
  );
});

test('an original that goes between the film and the archive: the reason names the film', async (t) => {
  const stage = await makeStage(t);
  const view = viewOf(stage.published, foundEvent(stage.found()));
  const ports = stage.ports(view);
  const films: AssemblerPorts['films'] = {
    ...ports.films,
    async publish(...args) {
      await rm(stage.file);
      return ports.films.publish(...args);
    },
  };
  const give = (message: Parameters<typeof assemble>[0], payload: Uint8Array) =>
    assemble(message, payload, { ...ports, films }, NEVER);
  await give(graded(0), payloadOf(0));
  await give(graded(1), payloadOf(1));
  await assert.rejects(give(stage.complete(), new Uint8Array()), {
    code: 'RECORDING_GONE',
    message: /is not there any more\. Its film was published before that, as s\/room\.mp4\./,
  });
});

test('a film that its users have taken away already does not keep the recording from being finished', async (t) => {
  const stage = await makeStage(t);
  const view = viewOf(stage.published, foundEvent(stage.found()));
  const ports = stage.ports(view);
  let dies = true;
  const films: AssemblerPorts['films'] = {
    ...ports.films,
    async archive(...args) {
      if (dies) throw new Error('killed');
      return ports.films.archive(...args);
    },
  };
  const give = (message: Parameters<typeof assemble>[0], payload: Uint8Array) =>
    assemble(message, payload, { ...ports, films }, NEVER);
  await give(graded(0), payloadOf(0));
  await give(graded(1), payloadOf(1));
  await assert.rejects(give(stage.complete(), new Uint8Array()), /killed/);
  await rm(stage.library.processed, { recursive: true });
  dies = false;
  assert.deepEqual(eventTypes(await give(stage.complete(), new Uint8Array())), ['finished']);
  assert.deepEqual(await contents(stage.library.processed), {});
});

// `replay --force` while the film was made: the old run published it and archived the original, and the new run had failed,
// because there was no recording any more.
for (const when of ['while the film is made', 'when it is published'] as const) {
  test(`a later run that is begun ${when} gets the original; this one ends and tells nothing`, async (t) => {
    const stage = await makeStage(t);
    const view = viewOf(stage.published, foundEvent(stage.found()));
    const ports = stage.ports(view);
    const replay = (at: typeof when): void => {
      if (at !== when) return;
      stage.published.push(...nextRunMessages({ ...stage.found(), partition: null }, '2026-08-01T10:00:00.000Z'));
      view.catchUp();
    };
    const films: AssemblerPorts['films'] = {
      ...ports.films,
      async publish(...args) {
        replay('when it is published');
        return ports.films.publish(...args);
      },
    };
    const makeFilm: AssemblerPorts['makeFilm'] = async (job) => {
      replay('while the film is made');
      return ports.makeFilm(job);
    };
    const give = (message: Parameters<typeof assemble>[0], payload: Uint8Array) =>
      assemble(message, payload, { ...ports, films, makeFilm }, NEVER);
    await give(graded(0), payloadOf(0));
    await give(graded(1), payloadOf(1));
    assert.deepEqual(await give(stage.complete(), new Uint8Array()), []);
    assert.deepEqual(await contents(stage.library.archived), {});
    assert.equal(await readFile(stage.file, 'utf8'), ORIGINAL);
    const published = Object.keys(await contents(stage.library.processed)).filter((name) => !name.startsWith('.'));
    assert.deepEqual(published, when === 'when it is published' ? [PATH] : []);
  });
}

// Taken for dead, it published and archived beside the process that had its work by then.
test('one whose work is given back while it makes the film publishes nothing', async (t) => {
  const stage = await makeStage(t);
  const view = viewOf(stage.published, foundEvent(stage.found()));
  const stop = new AbortController();
  const ports = stage.ports(view);
  const makeFilm: AssemblerPorts['makeFilm'] = async (job) => {
    stop.abort();
    return ports.makeFilm(job);
  };
  const give = (message: Parameters<typeof assemble>[0], payload: Uint8Array) =>
    assemble(message, payload, { ...ports, makeFilm }, stop.signal);
  await give(graded(0), payloadOf(0));
  await give(graded(1), payloadOf(1));
  await assert.rejects(give(stage.complete(), new Uint8Array()), { name: 'AbortError' });
  assert.ok(!Object.keys(await contents(stage.library.processed)).includes(PATH));
  assert.equal(await readFile(stage.file, 'utf8'), ORIGINAL);
});
