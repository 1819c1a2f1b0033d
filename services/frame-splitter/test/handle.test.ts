import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  applyEvent,
  DailiesError,
  type DailiesEvent,
  decodeEvent,
  decodeFrameBatch,
  decodeGraded,
  decodeRecording,
  type EncodedMessage,
  encodeEvent,
  fromDeltas,
  type RecordingMessage,
  type RecordingsView,
  TOPICS,
} from '@dailies/contracts';
import { findLook } from '@dailies/grade';
import { describe } from '@dailies/library';
import { findTools } from '@dailies/media';
import { fixture } from '../../../test/fixtures/make.ts';
import { recipeOf, type SplitPorts, splitRecording } from '../src/handle.ts';

const tools = await findTools({ ffmpegPath: undefined, ffprobePath: undefined }, process.env.PATH ?? '');
const NEVER = new AbortController().signal;
const ID = '0123456789abcdef';
const AT = '2026-08-01T10:00:00.000Z';

/** A real recording and a real ffmpeg; the bus is a list, and the view follows it at once. */
async function setup(t: TestContext, name: 'open-gop' | 'image') {
  const folder = await mkdtemp(join(tmpdir(), 'dailies-splitter-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, name === 'image' ? 'a.png' : 'a.mp4');
  if (name === 'image') await writeFile(file, 'an image');
  else await copyFile(await fixture(name), file);
  const { sizeBytes, fingerprint } = await describe(file);
  const facts = {
    v: 1,
    recordingId: ID,
    run: 0,
    path: file.slice(folder.length + 1),
    kind: name === 'image' ? 'image' : 'video',
    sizeBytes,
    fingerprint,
  } as const;
  const message: RecordingMessage = { ...facts, type: 'recording', cut: 'copy', foundAt: AT };
  const states: RecordingsView = new Map();
  const listeners = new Set<(event: DailiesEvent) => void>();
  const published: EncodedMessage[] = [];
  const tell = (messages: readonly EncodedMessage[]): void => {
    for (const one of messages) {
      published.push(one);
      if (one.topic !== TOPICS.events) continue;
      const event = decodeEvent(one);
      applyEvent(states, event);
      for (const listener of [...listeners]) listener(event);
    }
  };
  applyEvent(states, { ...facts, type: 'found', at: AT });
  const ports: SplitPorts = {
    view: {
      get: (id) => states.get(id),
      all: () => [...states.values()],
      byPath: () => undefined,
      changed: () => new Promise(() => {}),
      onEvent(callback) {
        const listener = (event: DailiesEvent): void => callback(event, states.get(ID) as never);
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      close: async () => {},
    },
    absent: async () => null,
    tools,
    look: findLook('both', []),
    limits: { maxPixels: 1e8, maxDurationS: 1000, maxBytes: 1e9 },
    encode: { preset: 'veryfast', crf: 23, lossless: false },
    batchSeconds: 1,
    windowBatches: 1000,
    timeoutMs: 60_000,
    seeMs: 2 ** 31 - 1,
    resolve: async (path) => join(folder, path),
    describe: (path) => describe(path),
    publish: async (messages) => tell(messages),
    now: () => Date.parse(AT),
    say: () => {},
  };
  const batches = () => published.filter(({ topic }) => topic === TOPICS.frameBatches).map(decodeFrameBatch);
  return { file, message, ports, published, tell, batches, status: () => states.get(ID) };
}

const indices = (batches: readonly { readonly index: number }[]): number[] => batches.map(({ index }) => index);

test('batches hold each frame once, in order, and the end says how many there are', async (t) => {
  const { message, ports, batches } = await setup(t, 'open-gop');
  const [end] = await splitRecording(message, ports, NEVER);
  const sent = batches();
  const pts = sent.flatMap((batch) => (batch.type === 'video-batch' ? fromDeltas(batch.ptsDeltas) : []));
  assert.equal(pts.length, 240);
  assert.deepEqual(
    pts,
    [...new Set(pts)].sort((a, b) => a - b),
  );
  assert.partialDeepStrictEqual(decodeGraded(end as EncodedMessage), {
    type: 'split-complete',
    batches: sent.length,
    frames: 240,
    look: 'both',
  });
});

test('what was sent before a restart is not sent again', async (t) => {
  const { message, ports, batches, published } = await setup(t, 'open-gop');
  const stop = new AbortController();
  const publish: SplitPorts['publish'] = async (messages) => {
    await ports.publish(messages);
    if (batches().length === 3) stop.abort();
  };
  await assert.rejects(splitRecording(message, { ...ports, publish }, stop.signal));
  assert.deepEqual(indices(batches()), [0, 1, 2]);
  const answers = await splitRecording(message, ports, NEVER);
  const all = indices(batches());
  assert.deepEqual(all, [...all.keys()]);
  // And once it is over there is nothing to do.
  await ports.publish(answers);
  const before = published.length;
  assert.deepEqual(await splitRecording(message, ports, NEVER), []);
  assert.equal(published.length, before);
});

// Stopped in the middle and started again with another look, the first half of a film had the old look and the rest the
// new one; with another BATCH_SECONDS the batches did not go together at all, and the recording failed for good.
test('with other settings after a restart the recording is begun anew, as a run of its own', async (t) => {
  for (const changed of [
    { look: findLook('none', []) },
    { batchSeconds: 2 },
    { encode: { preset: 'fast', crf: 23, lossless: false } },
  ] as const) {
    const { message, ports, batches, status, tell } = await setup(t, 'open-gop');
    const stop = new AbortController();
    const publish: SplitPorts['publish'] = async (messages) => {
      await ports.publish(messages);
      if (batches().length === 2) stop.abort();
    };
    await assert.rejects(splitRecording(message, { ...ports, publish }, stop.signal));
    const others: SplitPorts = { ...ports, ...changed };
    const answers = await splitRecording(message, others, NEVER);
    assert.equal(batches().length, 2, 'nothing is sent of the old run');
    const [again, found] = answers as [EncodedMessage, EncodedMessage];
    assert.partialDeepStrictEqual(decodeEvent(found), { type: 'found', run: 1, path: message.path });
    const next = decodeRecording(again);
    assert.partialDeepStrictEqual(next, { run: 1, cut: 'copy', fingerprint: message.fingerprint });
    tell(answers);
    await splitRecording(next, others, NEVER);
    const ofIt = batches().filter(({ run }) => run === 1);
    assert.deepEqual(indices(ofIt), [...ofIt.keys()]);
    assert.partialDeepStrictEqual(status(), { run: 1, look: others.look.name, recipe: recipeOf(others, 'copy') });
  }
});

test('what is cut by decoding depends on the ffmpeg that encodes it; what is cut at its keyframes does not', async (t) => {
  const { ports } = await setup(t, 'open-gop');
  const newer: SplitPorts = { ...ports, tools: { ...ports.tools, version: '99.9' } };
  assert.equal(recipeOf(newer, 'copy'), recipeOf(ports, 'copy'));
  assert.notEqual(recipeOf(newer, 'rekey'), recipeOf(ports, 'rekey'));
});

test('a file that went or changed is no recording of this message any more', async (t) => {
  const { file, message, ports, published } = await setup(t, 'open-gop');
  await writeFile(file, 'something else');
  await assert.rejects(splitRecording(message, ports, NEVER), { code: 'RECORDING_CHANGED' });
  await rm(file);
  await assert.rejects(splitRecording(message, ports, NEVER), { code: 'RECORDING_GONE' });
  assert.equal(published.length, 0);
});

test('a recording on a disk that is not mounted is waited for, not given up', async (t) => {
  const { file, message, ports, published } = await setup(t, 'open-gop');
  const absent = new DailiesError('FOLDER_ABSENT', 'The recordings folder is empty.');
  await rm(file);
  const unmounted = { ...ports, absent: async () => absent };
  await assert.rejects(splitRecording(message, unmounted, NEVER), { code: 'FOLDER_ABSENT', fate: 'wait' });
  assert.equal(published.length, 0);
});

test('a run that is over has nothing to send', async (t) => {
  const { message, ports, tell } = await setup(t, 'open-gop');
  const facts = { v: 1, recordingId: ID, run: 0, at: AT } as const;
  tell([encodeEvent({ ...facts, type: 'failed', code: 'FFMPEG_FAILED', reason: 'no' })]);
  assert.deepEqual(await splitRecording(message, ports, NEVER), []);
});

test('an image travels whole, with its end', async (t) => {
  const { message, ports } = await setup(t, 'image');
  const answers = await splitRecording(message, ports, NEVER);
  assert.deepEqual(
    answers.map(({ topic }) => topic),
    [TOPICS.events, TOPICS.frameBatches, TOPICS.events, TOPICS.graded, TOPICS.events],
  );
  assert.equal(Buffer.from(answers[1]?.value ?? []).toString(), 'an image');
  await assert.rejects(
    splitRecording({ ...message, path: 'a.mp4' }, { ...ports, describe: async () => message }, NEVER),
    {
      code: 'IMAGE_FAILED',
    },
  );
});
