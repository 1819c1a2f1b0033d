import assert from 'node:assert/strict';
import { readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { FINALIZED_MARKER, fingerprint, type Library, METADATA_FILE, openLibrary } from '../src/index.ts';
import { put, temporaryFolder } from './helpers.ts';

const ID = '0123456789abcdef';

async function library(t: Parameters<typeof temporaryFolder>[0]): Promise<Library> {
  const opened = openLibrary({ recordings: await temporaryFolder(t) });
  await opened.ensure();
  return opened;
}

test('a film is made beside its place, published, and told by its relative path', async (t) => {
  const { films, processed } = await library(t);
  const temporary = await films.temporary(ID);
  await writeFile(temporary, 'film');
  assert.equal(await films.publish(ID, temporary, 's/a b.mp4'), 's/a b.mp4');
  assert.deepEqual(await readdir(processed), ['s']);
});

test('after a crash the half film is removed, and the same film made again is the one that is there', async (t) => {
  const { films, processed } = await library(t);
  const half = await films.temporary(ID);
  await writeFile(half, 'ha');
  const again = await films.temporary(ID);
  await writeFile(again, 'film');
  assert.deepEqual(await readdir(processed), [again.slice(processed.length + 1)]);
  await films.publish(ID, again, 'a.mp4');
  const third = await films.temporary(ID);
  await writeFile(third, 'film');
  assert.equal(await films.publish(ID, third, 'a.mp4'), 'a.mp4');
  await writeFile(await films.temporary(ID), 'given up');
  await films.discard(ID);
  assert.deepEqual(await readdir(processed), ['a.mp4']);
});

test('a published film is found by its content, also under a further name', async (t) => {
  const { films, processed } = await library(t);
  const other = await put(join(processed, 's/a.mp4'), 'another film');
  const mine = await films.temporary(ID);
  await writeFile(mine, 'film');
  const mark = await fingerprint(mine);
  assert.equal(await films.find(ID, 's/a.mp4', mark), null);
  await films.publish(ID, mine, 's/a.mp4');
  assert.equal(await films.find(ID, 's/a.mp4', mark), 's/a (2).mp4');
  assert.equal(await films.find(ID, 's/a.mp4', await fingerprint(other)), 's/a.mp4');
  assert.equal(await films.find(ID, 's/b.mp4', mark), null);
});

test('a link in processed does not lead films out of it', async (t) => {
  const { films, processed } = await library(t);
  await symlink(await temporaryFolder(t), join(processed, 's'));
  const temporary = await films.temporary(ID);
  await writeFile(temporary, 'film');
  await assert.rejects(films.publish(ID, temporary, 's/a.mp4'), { code: 'RECORDING_SYMLINK' });
  await assert.rejects(films.publish(ID, temporary, '../a.mp4'), { code: 'MESSAGE_INVALID' });
});

/** A session folder as Jibri leaves it, its first recording archived. */
async function session(t: Parameters<typeof temporaryFolder>[0], files: Record<string, string>) {
  const opened = await library(t);
  for (const [name, text] of Object.entries({ 'a.mp4': 'first', ...files }))
    await put(join(opened.recordings, 's', name), text);
  const finish = async (name: string): Promise<void> => {
    const from = join(opened.recordings, 's', name);
    await opened.films.archive(from, `s/${name}`, await fingerprint(from));
    await put(join(opened.processed, 's', name), `film of ${name}`);
    await opened.films.sidecars(`s/${name}`, `s/${name}`);
  };
  const ls = async (folder: string): Promise<string[]> => (await readdir(join(folder, 's'))).sort();
  return { ...opened, finish, ls };
}

test('the last recording takes metadata.json and the marker along; a copy is beside the film; the folder is gone', async (t) => {
  const { recordings, processed, archived, finish, ls, films } = await session(t, {
    [METADATA_FILE]: '{"meeting_url":"x"}',
    [FINALIZED_MARKER]: '',
  });
  await finish('a.mp4');
  assert.deepEqual(await ls(processed), ['a.mp4', METADATA_FILE]);
  assert.deepEqual(await ls(archived), [FINALIZED_MARKER, 'a.mp4', METADATA_FILE]);
  assert.equal(await readFile(join(processed, 's', METADATA_FILE), 'utf8'), '{"meeting_url":"x"}');
  await assert.rejects(stat(join(recordings, 's')), { code: 'ENOENT' });
  await films.sidecars('s/a.mp4', 's/a.mp4');
});

test('while another recording of the session is there, metadata.json stays with it', async (t) => {
  const { recordings, processed, archived, finish, ls } = await session(t, {
    'b.mp4': 'second',
    [METADATA_FILE]: '{"n":1}',
  });
  await finish('a.mp4');
  assert.deepEqual(await ls(recordings), ['b.mp4', METADATA_FILE]);
  assert.deepEqual(await ls(processed), ['a.mp4', METADATA_FILE]);
  await put(join(recordings, 's', METADATA_FILE), '{"n":2}');
  await finish('b.mp4');
  assert.deepEqual(await ls(processed), ['a.mp4', 'b.mp4', 'metadata (2).json', METADATA_FILE]);
  assert.deepEqual(await ls(archived), ['a.mp4', 'b.mp4', METADATA_FILE]);
  await assert.rejects(stat(join(recordings, 's')), { code: 'ENOENT' });
});

test('a token in the URL of the meeting stays out of processed/, and in archived/', async (t) => {
  const text = JSON.stringify({ meeting_url: 'https://meet.example.org/standup?jwt=eyJhbGciOiJIUzI1NiJ9.e30.c2ln' });
  const { processed, archived, finish } = await session(t, { [METADATA_FILE]: text });
  await finish('a.mp4');
  assert.equal(
    await readFile(join(processed, 's', METADATA_FILE), 'utf8'),
    '{"meeting_url":"https://meet.example.org/standup"}',
  );
  assert.equal(await readFile(join(archived, 's', METADATA_FILE), 'utf8'), text);
});

test('a metadata.json that is no JSON is archived, and not put beside the film', async (t) => {
  const { processed, archived, finish, ls } = await session(t, { [METADATA_FILE]: 'https://meet.example.org/a?jwt=b' });
  await finish('a.mp4');
  assert.deepEqual(await ls(processed), ['a.mp4']);
  assert.deepEqual(await ls(archived), ['a.mp4', METADATA_FILE]);
});

test('an upload that is under way counts as another recording', async (t) => {
  const { recordings, finish, ls } = await session(t, { 'b.mp4.part': '', [METADATA_FILE]: '{}' });
  await finish('a.mp4');
  assert.deepEqual(await ls(recordings), ['b.mp4.part', METADATA_FILE]);
});

test('other files are never touched, and keep their folder', async (t) => {
  const { recordings, finish, ls } = await session(t, { 'notes.txt': 'mine', [METADATA_FILE]: '{}' });
  await finish('a.mp4');
  assert.deepEqual(await ls(recordings), ['notes.txt']);
});

test('a metadata.json that is a link brings nothing along', async (t) => {
  const { recordings, processed, finish, ls } = await session(t, {});
  await symlink('/etc/passwd', join(recordings, 's', METADATA_FILE));
  await finish('a.mp4');
  assert.deepEqual(await ls(processed), ['a.mp4']);
  assert.deepEqual(await ls(recordings), [METADATA_FILE]);
});

test('in the recordings folder itself nothing is a session', async (t) => {
  const opened = await library(t);
  await put(join(opened.recordings, METADATA_FILE), '{}');
  await opened.films.sidecars('a.mp4', 'a.mp4');
  assert.deepEqual((await readdir(opened.recordings)).sort(), ['archived', METADATA_FILE, 'processed', 'work']);
});

test('a crash between the copy and the move of metadata.json is finished', async (t) => {
  const { recordings, processed, archived, finish, ls } = await session(t, { [METADATA_FILE]: '{}' });
  await put(join(processed, 's', METADATA_FILE), '{}');
  await put(join(archived, 's', METADATA_FILE), '{}');
  await finish('a.mp4');
  assert.deepEqual(await ls(processed), ['a.mp4', METADATA_FILE]);
  assert.deepEqual(await ls(archived), ['a.mp4', METADATA_FILE]);
  await assert.rejects(stat(join(recordings, 's')), { code: 'ENOENT' });
});
