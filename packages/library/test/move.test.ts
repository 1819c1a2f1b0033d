import assert from 'node:assert/strict';
import { chmod, copyFile, link, mkdir, readdir, readFile, stat, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { describe, fingerprint, moveOriginal } from '../src/index.ts';
import { ownerOf, temporaryIn } from '../src/names.ts';
import { asNobody, mountSmall, needsMounts, needsRoot, ODD_NAMES, put, temporaryFolder } from './helpers.ts';

test('an original moves with its bytes, its times and its odd name', async (t) => {
  const base = await temporaryFolder(t);
  for (const name of ODD_NAMES) {
    const from = await put(join(base, 'in', name), name);
    await utimes(from, 1000, 1000);
    const before = await describe(from);
    const to = join(base, 'archived/s', name);
    assert.equal(await moveOriginal(from, to, before.fingerprint), to);
    assert.deepEqual(await describe(to), before);
  }
  assert.deepEqual(await readdir(join(base, 'in')), []);
});

test('a second call after it is done finds it, also under a further name', async (t) => {
  const base = await temporaryFolder(t);
  const from = await put(join(base, 'a.mp4'), 'mine');
  const to = await put(join(base, 'archived/a.mp4'), 'of someone else');
  const mark = await fingerprint(from);
  const used = join(base, 'archived/a (2).mp4');
  assert.equal(await moveOriginal(from, to, mark), used);
  assert.equal(await moveOriginal(from, to, mark), used);
});

test('neither here nor there is RECORDING_GONE; other content is RECORDING_CHANGED and stays', async (t) => {
  const base = await temporaryFolder(t);
  const from = await put(join(base, 'a.mp4'), 'mine');
  const mark = await fingerprint(from);
  await put(from, 'replaced');
  await assert.rejects(moveOriginal(from, join(base, 'archived/a.mp4'), mark), { code: 'RECORDING_CHANGED' });
  assert.equal(await readFile(from, 'utf8'), 'replaced');
  await unlink(from);
  await assert.rejects(moveOriginal(from, join(base, 'archived/a.mp4'), mark), { code: 'RECORDING_GONE' });
});

// A crash after the move, and a new recording of that name: the old one "was replaced", and failed, with its film published.
test('an original that has moved is recognised, whatever has its place by now', async (t) => {
  const base = await temporaryFolder(t);
  const from = await put(join(base, 'a.mp4'), 'mine');
  const to = join(base, 'archived/a.mp4');
  const mark = await fingerprint(from);
  await moveOriginal(from, to, mark);
  await put(from, 'the next recording');
  assert.equal(await moveOriginal(from, to, mark), to);
  assert.equal(await readFile(from, 'utf8'), 'the next recording');
});

test('a crash between link and unlink is finished', async (t) => {
  const base = await temporaryFolder(t);
  const from = await put(join(base, 'a.mp4'), 'mine');
  const mark = await fingerprint(from);
  await mkdir(join(base, 'archived'));
  const to = join(base, 'archived/a.mp4');
  await link(from, to);
  assert.equal(await moveOriginal(from, to, mark), to);
  assert.deepEqual((await readdir(base)).sort(), ['archived']);
});

/** An original on one disk, the archive on another. */
async function twoDisks(
  t: Parameters<typeof temporaryFolder>[0],
  size = '8m',
): Promise<{ from: string; to: string; archive: string; mark: string; bytes: Buffer }> {
  const base = await temporaryFolder(t);
  await chmod(base, 0o755);
  const archive = join(base, 'archived');
  await mountSmall(archive, size);
  const bytes = Buffer.alloc(3_000_000, 'recording ');
  const from = await put(join(base, 'in/a.mp4'), bytes, 0o640);
  await utimes(from, 5000, 5000);
  return { from, to: join(archive, 's/a.mp4'), archive, mark: await fingerprint(from), bytes };
}

test('to another disk: copied, compared, times and rights kept, source gone', { skip: needsMounts }, async (t) => {
  const { from, to, mark, bytes } = await twoDisks(t);
  assert.equal(await moveOriginal(from, to, mark), to);
  assert.ok((await readFile(to)).equals(bytes));
  const { mtimeMs, mode } = await stat(to);
  assert.deepEqual([mtimeMs, mode & 0o777], [5_000_000, 0o640]);
  await assert.rejects(stat(from), { code: 'ENOENT' });
  assert.deepEqual(await readdir(join(to, '..')), ['a.mp4']);
});

test('to another disk: the half copy that a crash left is removed, then it is done', {
  skip: needsMounts,
}, async (t) => {
  const { from, to, mark, bytes } = await twoDisks(t);
  await put(temporaryIn(join(to, '..'), ownerOf(`${to}\0${mark}`)), bytes.subarray(0, 1000));
  assert.equal(await moveOriginal(from, to, mark), to);
  assert.deepEqual(await readdir(join(to, '..')), ['a.mp4']);
});

test('to another disk: a crash before the source was removed does not archive it twice', {
  skip: needsMounts,
}, async (t) => {
  const { from, to, mark } = await twoDisks(t, '4m');
  await mkdir(join(to, '..'));
  // There is no room for a second copy.
  await copyFile(from, to);
  assert.equal(await moveOriginal(from, to, mark), to);
  await assert.rejects(stat(from), { code: 'ENOENT' });
  assert.deepEqual(await readdir(join(to, '..')), ['a.mp4']);
});

test('to another disk that is full: DISK_FULL, the original stays, nothing half is left', {
  skip: needsMounts,
}, async (t) => {
  const { from, to, mark, bytes } = await twoDisks(t, '1m');
  await assert.rejects(moveOriginal(from, to, mark), { code: 'DISK_FULL' });
  assert.deepEqual(await readdir(join(to, '..')), []);
  assert.ok((await readFile(from)).equals(bytes));
});

for (const [rights, way] of [
  [0o666, 'by link'],
  [0o644, 'by rename'],
] as const) {
  test(`an original that may not be removed from its folder does not stay in two places (${way})`, {
    skip: needsRoot,
  }, async (t) => {
    const base = await temporaryFolder(t);
    await chmod(base, 0o755);
    const from = await put(join(base, 'in/a.mp4'), 'mine', rights);
    await mkdir(join(base, 'archived'));
    await chmod(join(base, 'archived'), 0o777);
    const mark = await fingerprint(from);
    const refused = { code: 'PERMISSION_DENIED', message: /\/in cannot be written by uid 65534/ };
    await asNobody(() => assert.rejects(moveOriginal(from, join(base, 'archived/a.mp4'), mark), refused));
    assert.deepEqual(await readdir(join(base, 'archived')), []);
    assert.deepEqual(await readdir(join(base, 'in')), ['a.mp4']);
  });
}
