import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createBatchStore, createNoteStore } from '../src/batch-store.ts';
import { mountSmall, needsMounts, put, temporaryFolder } from './helpers.ts';

const ID = '0123456789abcdef';
const key = { recordingId: ID, run: 0, cut: 'copy' } as const;

test('a batch comes back as it was put; putting it again is a duplicate', async (t) => {
  const store = createBatchStore(await temporaryFolder(t));
  const payload = Buffer.from([0, 1, 2, 255]);
  assert.equal(await store.put(key, 3, '{"é":1}', payload), 'stored');
  assert.equal(await store.put(key, 3, '{"é":1}', payload), 'duplicate');
  assert.equal(await store.put(key, 3, '{"other":1}', Buffer.from('graded by another worker')), 'duplicate');
  assert.equal(await store.manifest(key, 3), '{"é":1}');
  assert.deepEqual(await store.payload(key, 3), payload);
  assert.deepEqual(await store.payload(key, 3), payload);
});

test('lists are of one run and one cut, in order of the index', async (t) => {
  const store = createBatchStore(await temporaryFolder(t));
  for (const index of [10, 2, 0]) await store.put(key, index, '{}', Buffer.from(String(index)));
  await store.put({ ...key, run: 1 }, 5, '{}', Buffer.alloc(0));
  await store.put({ ...key, cut: 'rekey' }, 6, '{}', Buffer.alloc(0));
  assert.deepEqual(await store.list(key), [0, 2, 10]);
  assert.deepEqual(await store.list({ ...key, run: 1 }), [5]);
  assert.deepEqual(await store.list({ ...key, run: 2 }), []);
});

test('what a crash leaves half-written is not listed', async (t) => {
  const work = await temporaryFolder(t);
  const store = createBatchStore(work);
  await store.put(key, 0, '{}', Buffer.from('x'));
  await put(join(work, ID, '0-copy', '.dailies-00-11.tmp'), 'half');
  assert.deepEqual(await store.list(key), [0]);
});

test('a batch that the disk has cut off is written anew, and cannot be read before', async (t) => {
  const work = await temporaryFolder(t);
  const store = createBatchStore(work);
  await store.put(key, 0, '{}', Buffer.from('payload'));
  for (const bytes of [0, 10, 25]) {
    await truncate(join(work, ID, '0-copy', '0.batch'), bytes);
    await assert.rejects(store.payload(key, 0), { code: 'IO_FAILED' });
    assert.equal(await store.put(key, 0, '{}', Buffer.from('payload')), 'stored');
  }
  assert.equal((await store.payload(key, 0)).toString(), 'payload');
});

test('the file is what its format says', async (t) => {
  const work = await temporaryFolder(t);
  await createBatchStore(work).put(key, 7, '{"a":1}', Buffer.from('bytes'));
  const file = await readFile(join(work, ID, '0-copy', '7.batch'));
  assert.equal(file.toString('latin1'), 'DAILIES1\0\0\0\x07\0\0\0\0\0\0\0\x05{"a":1}bytes');
});

test('removing takes the runs up to one, or one way to cut, and may be repeated', async (t) => {
  const work = await temporaryFolder(t);
  const store = createBatchStore(work);
  const notes = createNoteStore(work);
  const other = { ...key, recordingId: 'fedcba9876543210' };
  for (const run of [0, 1, 2, 10]) await store.put({ ...key, run }, 0, '{}', Buffer.from('x'));
  await store.put({ ...key, run: 1, cut: 'rekey' }, 0, '{}', Buffer.from('x'));
  await store.put(other, 0, '{}', Buffer.from('x'));
  await notes.write({ ...key, run: 1 }, 'expected', '{"batches":1}');
  assert.equal(await notes.read({ ...key, run: 1 }, 'expected'), '{"batches":1}');
  await store.removeRun({ ...key, run: 1 });
  await store.removeRun({ ...key, run: 1 });
  assert.equal(await notes.read({ ...key, run: 1 }, 'expected'), null);
  assert.deepEqual((await readdir(join(work, ID))).sort(), ['0-copy', '1-rekey', '10-copy', '2-copy']);
  await store.removeUpTo(ID, 1);
  assert.deepEqual((await readdir(join(work, ID))).sort(), ['10-copy', '2-copy']);
  for (const _ of ['once', 'twice']) await store.removeUpTo(ID, 10);
  assert.deepEqual(await readdir(work), [other.recordingId]);
});

// Batches went one by one: a process that died meanwhile left the notes of a run without its batches, or batches without
// notes, and the recording waited for the rest of them for ever.
test('a run goes at one instant; what a dead process was removing is not a run, and goes at the next look', async (t) => {
  const work = await temporaryFolder(t);
  const store = createBatchStore(work);
  await store.put(key, 0, '{}', Buffer.from('x'));
  await mkdir(join(work, 'lost+found'));
  await put(join(work, `.dailies-${ID}-00112233.tmp`, '0.batch'), 'half removed');
  assert.deepEqual(await store.recordings(), [ID]);
  assert.deepEqual((await readdir(work)).sort(), [ID, 'lost+found']);
});

test('ids, runs and names from messages never become other paths', async (t) => {
  const work = await temporaryFolder(t);
  const store = createBatchStore(work);
  await assert.rejects(async () => store.put({ ...key, recordingId: '../../etc' }, 0, '{}', Buffer.alloc(0)), {
    code: 'MESSAGE_INVALID',
  });
  await assert.rejects(async () => store.put({ ...key, run: -1 }, 0, '{}', Buffer.alloc(0)), {
    code: 'MESSAGE_INVALID',
  });
  await assert.rejects(async () => store.put(key, 0.5, '{}', Buffer.alloc(0)), { code: 'MESSAGE_INVALID' });
  await assert.rejects(async () => store.removeUpTo('..', 0), { code: 'MESSAGE_INVALID' });
  await assert.rejects(async () => createNoteStore(work).write(key, '../x', ''), { code: 'MESSAGE_INVALID' });
});

test('a full work disk is DISK_FULL, and there is no half batch', { skip: needsMounts }, async (t) => {
  const work = join(await temporaryFolder(t), 'work');
  await mountSmall(work, '1m');
  const store = createBatchStore(work);
  await assert.rejects(store.put(key, 0, '{}', Buffer.alloc(2_000_000)), { code: 'DISK_FULL' });
  assert.deepEqual(await readdir(join(work, ID, '0-copy')), []);
  assert.equal(await store.put(key, 0, '{}', Buffer.alloc(1000)), 'stored');
});
