import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { freeBytes, writeDurable } from '../src/index.ts';
import { asNobody, mountSmall, needsMounts, needsRoot, put, temporaryFolder } from './helpers.ts';

test('bytes, pieces and streams are written whole, and replace what was there', async (t) => {
  const folder = await temporaryFolder(t);
  const file = join(folder, 'a');
  await writeDurable(file, Buffer.from('one'));
  assert.equal(await readFile(file, 'utf8'), 'one');
  await writeDurable(file, [Buffer.from('t'), Buffer.from('wo')]);
  assert.equal(await readFile(file, 'utf8'), 'two');
  await writeDurable(file, Readable.from([Buffer.from('thr'), Buffer.from('ee')]));
  assert.equal(await readFile(file, 'utf8'), 'three');
  assert.deepEqual(await readdir(folder), ['a']);
});

test('a stream that fails leaves what was there, and nothing else', async (t) => {
  const folder = await temporaryFolder(t);
  const file = await put(join(folder, 'a'), 'old');
  const failing = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from('new');
    throw new Error('broken');
  };
  await assert.rejects(writeDurable(file, failing()), { message: 'broken' });
  assert.equal(await readFile(file, 'utf8'), 'old');
  assert.deepEqual(await readdir(folder), ['a']);
});

test('a full disk is DISK_FULL, and the half-written file is gone', { skip: needsMounts }, async (t) => {
  const folder = join(await temporaryFolder(t), 'small');
  await mountSmall(folder, '1m');
  assert.ok((await freeBytes(folder)) <= 1024 * 1024);
  await assert.rejects(
    writeDurable(join(folder, 'a'), Buffer.alloc(2 * 1024 * 1024)),
    (error: Error & { code: string; fate: string }) => {
      assert.equal(error.code, 'DISK_FULL');
      assert.equal(error.fate, 'wait');
      assert.ok(error.message.includes(folder), error.message);
      return true;
    },
  );
  assert.deepEqual(await readdir(folder), []);
  await writeFile(join(folder, 'b'), Buffer.alloc(500_000));
});

test('a folder that may not be written is named with the user and the command', { skip: needsRoot }, async (t) => {
  const base = await temporaryFolder(t);
  await chmod(base, 0o755);
  const folder = join(base, 'my films');
  await mkdir(folder, { mode: 0o755 });
  const message = new RegExp(
    `^'${folder}' cannot be written by uid 65534 \\(EACCES\\)\\. Let it: sudo chown -R 65534:65534 '${folder}' && sudo chmod -R u\\+rwX '${folder}'$`,
  );
  await asNobody(() =>
    assert.rejects(writeDurable(join(folder, 'a'), Buffer.from('x')), { code: 'PERMISSION_DENIED', message }),
  );
});

test('a read-only file system says so', { skip: needsMounts }, async (t) => {
  const folder = join(await temporaryFolder(t), 'readonly');
  await mountSmall(folder, '1m', ',ro');
  await assert.rejects(writeDurable(join(folder, 'a'), Buffer.from('x')), {
    code: 'PERMISSION_DENIED',
    message: /read-only file system/,
  });
});
