import assert from 'node:assert/strict';
import { chmod, chown, link, mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { publishNew } from '../src/index.ts';
import { asNobody, mountSmall, needsMounts, needsRoot, ODD_NAMES, put, temporaryFolder } from './helpers.ts';

const OWNER = '00112233445566ff';

test('a free name is used, the source is gone, folders are made', async (t) => {
  const base = await temporaryFolder(t);
  for (const name of ODD_NAMES) {
    const target = join(base, 'films/a/b', name);
    assert.equal(await publishNew(await put(join(base, 'work/tmp'), name), target, OWNER), target);
    assert.equal(await readFile(target, 'utf8'), name);
  }
  assert.deepEqual(await readdir(join(base, 'work')), []);
});

test('another file, folder or link of that name is never touched', async (t) => {
  const base = await temporaryFolder(t);
  const target = join(base, 'a.mp4');
  await put(target, 'of someone else');
  await mkdir(join(base, 'a (2).mp4'));
  await symlink('nowhere', join(base, 'a (3).mp4'));
  assert.equal(await publishNew(await put(join(base, 'tmp'), 'mine'), target, OWNER), join(base, 'a (4).mp4'));
  assert.equal(await readFile(target, 'utf8'), 'of someone else');
  assert.deepEqual((await readdir(base)).sort(), ['a (2).mp4', 'a (3).mp4', 'a (4).mp4', 'a.mp4']);
});

test('the second name of one with 255 bytes still fits', async (t) => {
  const base = await temporaryFolder(t);
  const target = join(base, `${'é'.repeat(125)}x.mp4`);
  await put(target, 'other');
  assert.equal(
    await publishNew(await put(join(base, 'tmp'), 'mine'), target, OWNER),
    join(base, `${'é'.repeat(123)} (2).mp4`),
  );
});

test('after a crash between link and unlink a second try ends it', async (t) => {
  const base = await temporaryFolder(t);
  const [source, target] = [await put(join(base, 'tmp'), 'mine'), join(base, 'a.mp4')];
  await link(source, target);
  assert.equal(await publishNew(source, target, OWNER), target);
  assert.deepEqual(await readdir(base), ['a.mp4']);
});

test('the same bytes made anew after a crash are the same film', async (t) => {
  const base = await temporaryFolder(t);
  const target = join(base, 'a.mp4');
  await put(target, 'of someone else');
  await publishNew(await put(join(base, 'tmp'), 'mine'), target, OWNER);
  assert.equal(await publishNew(await put(join(base, 'tmp'), 'mine'), target, OWNER), join(base, 'a (2).mp4'));
  assert.deepEqual((await readdir(base)).sort(), ['a (2).mp4', 'a.mp4']);
});

test('same size, same ends, another middle: another film', async (t) => {
  const base = await temporaryFolder(t);
  const bytes = Buffer.alloc(300_000);
  await put(join(base, 'a.mp4'), bytes);
  bytes[150_000] = 1;
  assert.equal(
    await publishNew(await put(join(base, 'tmp'), bytes), join(base, 'a.mp4'), OWNER),
    join(base, 'a (2).mp4'),
  );
});

test('many at once with one wanted name all get one of their own', async (t) => {
  const base = await temporaryFolder(t);
  const sources = await Promise.all(Array.from({ length: 20 }, (_, i) => put(join(base, `tmp/${i}`), `film ${i}`)));
  const used = await Promise.all(
    sources.map((source, i) =>
      publishNew(source, join(base, 'films/a.mp4'), `${OWNER.slice(2)}${String(i).padStart(2, '0')}`),
    ),
  );
  assert.equal(new Set(used).size, 20);
  assert.deepEqual(
    await Promise.all(used.map((file) => readFile(file, 'utf8'))),
    sources.map((_, i) => `film ${i}`),
  );
});

test('a source that is gone is ENOENT, and makes no file', async (t) => {
  const base = await temporaryFolder(t);
  await assert.rejects(publishNew(join(base, 'none'), join(base, 'films/a.mp4'), OWNER), { code: 'ENOENT' });
  assert.deepEqual(await readdir(join(base, 'films')), []);
});

test('a full disk of the target leaves the source and nothing else', { skip: needsMounts }, async (t) => {
  const base = await temporaryFolder(t);
  const small = join(base, 'small');
  await mountSmall(small, '1m');
  const source = await put(join(base, 'tmp'), Buffer.alloc(2_000_000, 1));
  await assert.rejects(publishNew(source, join(small, 'a.mp4'), OWNER), { code: 'DISK_FULL' });
  assert.deepEqual(await readdir(small), []);
  assert.equal((await stat(source)).size, 2_000_000);
});

/**
 * Linux refuses links to files of other users (fs.protected_hardlinks), as file systems without links do: this is the
 * way of a Jibri with a uid of its own.
 */
async function foreignSource(base: string): Promise<{ source: string; target: string }> {
  await chmod(base, 0o755);
  const source = await put(join(base, 'in/tmp'), 'mine', 0o644);
  const target = join(base, 'out/a.mp4');
  await put(target, 'of someone else');
  for (const folder of [dirname(source), dirname(target)]) await chown(folder, 65534, 65534);
  return { source, target };
}

test('without links the name is reserved and the file renamed over it', { skip: needsRoot }, async (t) => {
  const base = await temporaryFolder(t);
  const { source, target } = await foreignSource(base);
  await asNobody(async () => {
    await assert.rejects(link(source, join(base, 'out/probe')), { code: 'EPERM' });
    assert.equal(await publishNew(source, target, OWNER), join(base, 'out/a (2).mp4'));
  });
  assert.equal(await readFile(join(base, 'out/a (2).mp4'), 'utf8'), 'mine');
  assert.equal(await readFile(target, 'utf8'), 'of someone else');
  assert.deepEqual(await readdir(join(base, 'in')), []);
});

test('a reservation that a crash left is used by its owner and respected by others', { skip: needsRoot }, async (t) => {
  const base = await temporaryFolder(t);
  const { source, target } = await foreignSource(base);
  await put(join(base, 'out/a (2).mp4'), `Dailies keeps this name for ${OWNER.replace('00', 'ff')}.\n`);
  await put(join(base, 'out/a (3).mp4'), `Dailies keeps this name for ${OWNER}.\n`);
  await asNobody(async () => assert.equal(await publishNew(source, target, OWNER), join(base, 'out/a (3).mp4')));
  assert.equal(await readFile(join(base, 'out/a (3).mp4'), 'utf8'), 'mine');
});
