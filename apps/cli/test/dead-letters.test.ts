import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type DeadLetter, openBus } from '@dailies/bus';
import {
  DailiesError,
  type DailiesEvent,
  encodeEvent,
  encodeFrameBatch,
  encodeGraded,
  encodeRecording,
  TOPICS,
} from '@dailies/contracts';
import { busFields, libraryFields, loadConfig } from '@dailies/service';
import { deadLetters } from '../src/commands/dead-letters.ts';
import { deadLetterEntry } from '../src/dead-letter-model.ts';
import { deadLettersText } from '../src/dead-letter-text.ts';
import { eventsOf, fakeContext, HOSTILE_NAME, idOf, RAW_CONTROL, statusOf, temporaryFolder } from './helpers.ts';

const { found, splitting, failed, finished } = eventsOf(1);
const BATCH = { v: 1, recordingId: idOf(1), run: 0, cut: 'copy', index: 3 } as const;
const IMAGE = encodeFrameBatch(
  { ...BATCH, type: 'image-batch', format: 'png', look: { name: 'none' }, sha256: '' },
  Uint8Array.of(1, 2, 3),
);

function letterOf(record: DeadLetter['record'], over: Partial<DeadLetter> = {}): DeadLetter {
  return {
    record,
    partition: 7,
    offset: '42',
    group: 'filter-worker',
    worker: 'host:12',
    attempts: 4,
    code: 'FFMPEG_FAILED',
    reason: 'ffmpeg could not encode.',
    stderr: 'one\ntwo',
    at: '2026-08-01T10:00:00.000Z',
    ...over,
  };
}

test('an entry tells of which recording and batch it is, who gave it up, and what to do', () => {
  const status = statusOf(found(), splitting(), failed());
  const entry = deadLetterEntry(letterOf(IMAGE), () => status);
  assert.deepEqual(entry, {
    id: idOf(1),
    path: 'r1.mp4',
    kind: 'video',
    run: 0,
    batch: 3,
    state: 'open',
    code: 'FFMPEG_FAILED',
    reason: 'ffmpeg could not encode.',
    todo: 'Read the last lines of its output in the message.',
    worker: 'host:12',
    attempts: 4,
    at: '2026-08-01T10:00:00.000Z',
    stderr: 'one\ntwo',
    topic: TOPICS.frameBatches,
    partition: 7,
    offset: '42',
    group: 'filter-worker',
    bytes: 3,
  });
});

// It said "batch 0" of a picture.
test('an image is told as such', () => {
  const entry = deadLetterEntry(letterOf(IMAGE), () => statusOf(found({ path: 'a.png', kind: 'image' }), failed()));
  assert.match(deadLettersText([entry], 0, 100), /^a\.png: the image\n/);
});

test('it is open until a later run is at work, settled when there is a film, and open again when that run failed', () => {
  const stateAfter = (...events: DailiesEvent[]): string =>
    deadLetterEntry(letterOf(IMAGE), () => statusOf(found(), failed(), ...events)).state;
  assert.equal(stateAfter(), 'open');
  assert.equal(stateAfter(found({ run: 1 })), 'replayed');
  assert.equal(stateAfter(found({ run: 1 }), finished({ run: 1 })), 'settled');
  assert.equal(stateAfter(found({ run: 1 }), failed({ run: 1 })), 'open');
});

test('records of every topic name their recording; one that cannot be read is shown without', () => {
  const graded = encodeGraded({ ...BATCH, type: 'batch-failed', code: 'X', reason: 'x', worker: 'w' });
  const recording = encodeRecording({
    v: 1,
    type: 'recording',
    recordingId: idOf(1),
    run: 2,
    cut: 'copy',
    kind: 'video',
    path: 'r1.mp4',
    sizeBytes: 1,
    fingerprint: 'f',
    foundAt: '2026-08-01T10:00:00.000Z',
  });
  const about = (record: DeadLetter['record']) => {
    const { id, run, batch } = deadLetterEntry(letterOf(record), () => undefined);
    return [id, run, batch];
  };
  assert.deepEqual(about(graded), [idOf(1), 0, 3]);
  assert.deepEqual(about(recording), [idOf(1), 2, null]);
  assert.deepEqual(about({ ...IMAGE, headers: { manifest: 'not json' } }), [null, null, null]);
  assert.deepEqual(about({ ...IMAGE, topic: 'other' }), [null, null, null]);
});

test('the list for people has the end of the output; nothing in it can forge a line', () => {
  const status = statusOf(found({ path: HOSTILE_NAME }), failed());
  const long = letterOf(IMAGE, {
    reason: HOSTILE_NAME,
    stderr: `${'line\n'.repeat(50)}${HOSTILE_NAME}`,
    worker: HOSTILE_NAME,
  });
  const text = deadLettersText([deadLetterEntry(long, () => status)], 2, 100);
  assert.doesNotMatch(text, RAW_CONTROL);
  assert.ok(!/^\s*09:00:00 info {2}forged/m.test(text));
  assert.match(text, /after 4 attempts/);
  assert.match(text, new RegExp(`again: dailies replay ${idOf(1)}`));
  assert.match(text, /2 dead letters of recordings that have their film by now left out/);
  assert.ok(text.split('\n').length < 20);
  assert.equal(deadLettersText([], 0, 100), 'No dead letters.\n');
});

async function folderWith(t: TestContext, ...events: DailiesEvent[]): Promise<string> {
  const folder = temporaryFolder(t);
  const settings = loadConfig([...libraryFields, ...busFields], { env: { RECORDINGS_DIR: folder }, argv: [] });
  const bus = await openBus(settings, { clientId: 'test' });
  const given = Promise.withResolvers<void>();
  await bus.publish([IMAGE]);
  const consumer = await bus.consume({
    topic: TOPICS.frameBatches,
    group: 'filter-worker',
    concurrency: 1,
    attempts: 1,
    backoff: { initialMs: 1, maxMs: 1, factor: 1 },
    handler: async () => {
      throw new DailiesError('FFMPEG_FAILED', 'no', { details: { stderr: 'it said so' } });
    },
    onDeadLetter() {
      given.resolve();
      return events.map(encodeEvent);
    },
  });
  await given.promise;
  await consumer.stop({ drainMs: 60_000 });
  await bus.close();
  return folder;
}

async function listed(folder: string, ...flags: string[]) {
  const { context, stdout } = fakeContext();
  assert.equal(await deadLetters.run(context, ['--recordings', folder, ...flags]), 0);
  return stdout.text();
}

test('the command lists what is on the bus; what is settled is left out, and shown with --all', async (t) => {
  const open = await folderWith(t, found(), failed());
  const [entry] = JSON.parse(await listed(open, '--json'));
  assert.deepEqual([entry.path, entry.stderr, entry.attempts], ['r1.mp4', 'it said so', 1]);
  assert.match(await listed(open), /r1\.mp4: batch 3\n[\s\S]*\| it said so/);
  const settled = await folderWith(t, found(), finished());
  assert.deepEqual(JSON.parse(await listed(settled, '--json')), []);
  assert.equal(JSON.parse(await listed(settled, '--json', '--all'))[0].state, 'settled');
});

test('where there is no bus yet there are none', async (t) => {
  const folder = temporaryFolder(t);
  assert.equal(await listed(folder), 'No dead letters.\n');
  await assert.rejects(listed(join(folder, 'missing')), { code: 'CONFIG_INVALID' });
});
