import assert from 'node:assert/strict';
import { readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { MAX_GRADED_BYTES } from '@dailies/contracts';
import { batchFile } from '../src/batch-file.ts';
import { createPartStore } from '../src/batch-parts.ts';
import { createBatchStore } from '../src/batch-store.ts';
import { temporaryFolder } from './helpers.ts';

const ID = '0123456789abcdef';
const key = { recordingId: ID, run: 0, cut: 'copy' } as const;
const of = { index: 1, sha256: 'ab'.repeat(32), parts: 2 } as const;

test('parts are joined when all are there, and go by their index or with their run', async (t) => {
  const work = await temporaryFolder(t);
  const parts = createPartStore(work);
  const folder = join(work, ID, '0-copy');
  assert.equal(await parts.join(key, { ...of, part: 1 }), null);
  await parts.put(key, { ...of, part: 1 }, Buffer.from('B'));
  assert.equal(await parts.join(key, { ...of, part: 1 }), null);
  await parts.put(key, { ...of, part: 0 }, Buffer.from('A'));
  await parts.put(key, { ...of, index: 10, part: 0 }, Buffer.from('other batch'));
  assert.equal(String(await parts.join(key, { ...of, part: 0 })), 'AB');
  await parts.remove(key, 1);
  assert.deepEqual(await readdir(folder), ['10.abababababababab.0-of-2.part']);
  await createBatchStore(work).removeRun(key);
  assert.deepEqual(await readdir(join(work, ID)), []);
});

test('parts that together are too large are not joined, and not read', async (t) => {
  const work = await temporaryFolder(t);
  const parts = createPartStore(work);
  await parts.put(key, { ...of, part: 0 }, Buffer.from('A'));
  await parts.put(key, { ...of, part: 1 }, Buffer.from('B'));
  const file = join(work, ID, '0-copy', '1.abababababababab.1-of-2.part');
  // Its end is a hole, and takes no room.
  const [header] = batchFile('', new Uint8Array(MAX_GRADED_BYTES));
  await writeFile(file, header as Uint8Array);
  await truncate(file, 20 + MAX_GRADED_BYTES);
  await assert.rejects(parts.join(key, { ...of, part: 1 }), {
    code: 'BATCH_TOO_LARGE',
    message: /batch 1 has 268435457/,
  });
});

test('digests and numbers from messages never become other paths', async (t) => {
  const parts = createPartStore(await temporaryFolder(t));
  for (const bad of [{ sha256: '../../x' }, { part: 2 }, { part: -1 }, { index: 0.5 }, { parts: 0 }])
    await assert.rejects(parts.put(key, { ...of, part: 0, ...bad }, Buffer.from('x')), { code: 'MESSAGE_INVALID' });
});
