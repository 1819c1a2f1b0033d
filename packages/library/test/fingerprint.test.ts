import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, stat, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { describe, fingerprint } from '../src/index.ts';
import { asNobody, needsRoot, ODD_NAMES, put, temporaryFolder } from './helpers.ts';

const K64 = 64 * 1024;

test('the fingerprint is SHA-256 over the first and last 64 KiB and the size', async (t) => {
  const folder = await temporaryFolder(t);
  for (const size of [0, 1, K64 - 1, K64, K64 + 1, 2 * K64, 5 * K64 + 3]) {
    const bytes = Buffer.from(Array.from({ length: size }, (_, i) => (i * 7 + (i >> 8)) & 255));
    const expected = createHash('sha256')
      .update(bytes.subarray(0, K64))
      .update(bytes.subarray(Math.max(0, size - K64)))
      .update(String(size))
      .digest('hex');
    assert.equal(await fingerprint(await put(join(folder, 'a.mp4'), bytes)), expected, `${size} bytes`);
  }
});

test('touching changes nothing of it; a byte at either end does', async (t) => {
  const file = join(await temporaryFolder(t), 'a.mp4');
  const bytes = Buffer.alloc(3 * K64);
  const before = await describe(await put(file, bytes));
  await utimes(file, 1, 1);
  const touched = await describe(file);
  assert.equal(touched.fingerprint, before.fingerprint);
  assert.equal(touched.mtimeMs, 1000);
  assert.equal(touched.ino, (await stat(file)).ino);
  for (const at of [0, bytes.length - 1]) {
    const other = Buffer.from(bytes);
    other[at] = 1;
    assert.notEqual(await fingerprint(await put(file, other)), before.fingerprint);
  }
});

test('odd names are opened as they are', async (t) => {
  const folder = await temporaryFolder(t);
  for (const name of ODD_NAMES) assert.equal((await describe(await put(join(folder, name), 'abc'))).sizeBytes, 3);
});

test('what is no regular file is refused, and a named pipe does not block', async (t) => {
  const folder = await temporaryFolder(t);
  await put(join(folder, 'real.mp4'));
  await symlink('real.mp4', join(folder, 'link.mp4'));
  execFileSync('mkfifo', [join(folder, 'pipe.mp4')]);
  await assert.rejects(describe(join(folder, 'link.mp4')), { code: 'RECORDING_SYMLINK' });
  await assert.rejects(describe(join(folder, 'pipe.mp4')), { code: 'RECORDING_UNREADABLE' });
  await assert.rejects(describe(folder), { code: 'RECORDING_UNREADABLE' });
  await assert.rejects(describe(join(folder, 'none.mp4')), { code: 'ENOENT' });
});

test('a file that may not be read says what to do', { skip: needsRoot }, async (t) => {
  const folder = await temporaryFolder(t);
  await chmod(folder, 0o755);
  const file = await put(join(folder, "it's.mp4"), 'x', 0o600);
  await asNobody(() =>
    assert.rejects(describe(file), {
      code: 'PERMISSION_DENIED',
      message: /uid 65534 \(EACCES\)\. Let it: sudo chmod -R a\+rX '.*it'\\''s\.mp4'$/,
    }),
  );
});
