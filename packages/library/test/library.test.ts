import assert from 'node:assert/strict';
import { mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLibrary, quote } from '../src/index.ts';
import { mountSmall, needsMounts, put, temporaryFolder } from './helpers.ts';

test('missing folders are created and told; a second time there is nothing to tell', async (t) => {
  const base = await temporaryFolder(t);
  const recordings = join(base, 'a/my recordings');
  const library = openLibrary({ recordings, archived: join(base, 'archive') });
  const notes = await library.ensure();
  assert.deepEqual(notes, [
    `created the recordings folder '${recordings}'`,
    `created the processed folder '${recordings}/processed'`,
    `created the archived folder ${join(base, 'archive')}`,
    `created the work folder '${recordings}/work'`,
  ]);
  assert.deepEqual(await library.ensure(), []);
  assert.deepEqual((await readdir(recordings)).sort(), ['processed', 'work']);
});

test('a recordings folder that is missing, or empty like the place of a mount, is absent', async (t) => {
  const base = await temporaryFolder(t);
  const recordings = join(base, 'r');
  const library = openLibrary({ recordings });
  assert.match(String(await library.absent()), /r is not there, though/);
  await mkdir(join(recordings, 'lost+found'), { recursive: true });
  assert.match((await library.absent())?.message ?? '', /r is empty, though/);
  // Without folders of ours in it, it is empty whenever all is done.
  const outside = { processed: join(base, 'p'), archived: join(base, 'a'), work: join(base, 'w') };
  assert.equal(await openLibrary({ recordings, ...outside }).absent(), null);
  await library.ensure();
  assert.equal(await library.absent(), null);
});

test('all paths are real, also those that do not exist yet', async (t) => {
  const base = await temporaryFolder(t);
  await mkdir(join(base, 'real'));
  await symlink('real', join(base, 'link'));
  const library = openLibrary({ recordings: join(base, 'link/new') });
  assert.deepEqual([library.recordings, library.work], [join(base, 'real/new'), join(base, 'real/new/work')]);
  assert.equal(library.isOwn(join(base, 'real/new/work/x')), true);
  assert.equal(library.isOwn(join(base, 'real/new/workshop')), false);
});

test('folders that would feed the pipeline with its own films are refused', async (t) => {
  const base = await temporaryFolder(t);
  const recordings = join(base, 'r');
  await mkdir(recordings);
  await symlink('r', join(base, 'same'));
  for (const folders of [
    { processed: recordings },
    { archived: base },
    { processed: join(base, 'x'), archived: join(base, 'x') },
    { work: join(base, 'same') },
  ]) {
    assert.throws(() => openLibrary({ recordings, ...folders }), { code: 'CONFIG_INVALID' }, JSON.stringify(folders));
  }
});

test('a file in the place of a folder, and a folder that cannot be written, are said', {
  skip: needsMounts,
}, async (t) => {
  const base = await temporaryFolder(t);
  await put(join(base, 'r/processed'));
  await assert.rejects(openLibrary({ recordings: join(base, 'r') }).ensure(), {
    code: 'CONFIG_INVALID',
    message: /r\/processed, the processed folder, is no folder/,
  });
  await mountSmall(join(base, 'ro'), '1m', ',ro');
  await assert.rejects(openLibrary({ recordings: join(base, 'ok'), archived: join(base, 'ro') }).ensure(), {
    code: 'PERMISSION_DENIED',
    message: /ro is on a read-only file system/,
  });
});

test('paths are quoted as a shell wants them, and stay on one line', () => {
  assert.equal(quote('/srv/a-b_c.mp4'), '/srv/a-b_c.mp4');
  assert.equal(quote("it's"), `'it'\\''s'`);
  assert.equal(quote('two\nlines\u001b[2J'), `$'two\\x0alines\\x1b[2J'`);
});

test('a folder that is missing or closed is told by name; for reading, only that of recordings counts', async (t) => {
  const base = await temporaryFolder(t);
  const library = openLibrary({ recordings: join(base, 'r'), processed: join(base, 'p') });
  await assert.rejects(library.check('reading'), { code: 'IO_FAILED', message: /recordings folder .* is not there/ });
  await library.ensure();
  await library.check('writing');
  await rm(join(base, 'p'), { recursive: true });
  await assert.rejects(library.check('writing'), { code: 'IO_FAILED', message: /processed folder/ });
  await library.check('reading');
});
