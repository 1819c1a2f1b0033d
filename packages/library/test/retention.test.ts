import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fingerprint, removeOriginal, whyKept } from '../src/index.ts';
import { temporaryFolder } from './helpers.ts';

const FILM = 'the film, of some length';

/** A finished recording on disk, as its events tell of it. */
async function finished(t: TestContext) {
  const root = await temporaryFolder(t);
  const folders = { processed: join(root, 'processed'), archived: join(root, 'archived') };
  for (const folder of Object.values(folders)) mkdirSync(join(folder, 's'), { recursive: true });
  const [film, archived] = [join(folders.processed, 's/r.mp4'), join(folders.archived, 's/r.mp4')];
  writeFileSync(film, FILM);
  writeFileSync(archived, 'the original');
  writeFileSync(join(folders.archived, 's/metadata.json'), '{}');
  const original = {
    archived: 's/r.mp4',
    sizeBytes: 12,
    fingerprint: await fingerprint(archived),
    film: 's/r.mp4',
    filmBytes: FILM.length,
  };
  const remove = () => removeOriginal(original, folders);
  return { root, folders, film, archived, original, remove };
}

test('the original goes; the film and what lies beside it stay', async (t) => {
  const { remove, archived, film, folders } = await finished(t);
  assert.equal(await remove(), null);
  assert.equal(existsSync(archived), false);
  assert.equal(existsSync(film), true);
  assert.deepEqual(readdirSync(join(folders.archived, 's')), ['metadata.json']);
  assert.match((await remove()) ?? '', /not there any more/);
});

test('a look changes nothing', async (t) => {
  const { original, folders, archived } = await finished(t);
  assert.equal(await whyKept(original, folders), null);
  assert.equal(existsSync(archived), true);
});

const HOSTILE: readonly [string, RegExp, (at: Awaited<ReturnType<typeof finished>>) => void][] = [
  ['the film was deleted', /its film is not there/, ({ film }) => rmSync(film)],
  ['the film was cut off', /its film has 3 bytes, not the 24/, ({ film }) => truncateSync(film, 3)],
  ['something was added to the film', /its film has 25 bytes/, ({ film }) => appendFileSync(film, '!')],
  [
    'the film is a folder',
    /its film is not there/,
    ({ film }) => {
      rmSync(film);
      mkdirSync(film);
    },
  ],
  [
    'the film is a link that leaves the folder',
    /cannot be checked: .*symbolic link/,
    ({ film, root }) => {
      renameSync(film, join(root, 'elsewhere'));
      symlinkSync(join(root, 'elsewhere'), film);
    },
  ],
  [
    'the film is an MP4 without its end',
    /its film is not complete/,
    ({ film }) => writeFileSync(film, Buffer.concat([Buffer.from('\0\0\0\x08ftyp\0\0\x01\0mdat'), Buffer.alloc(8)])),
  ],
  [
    'the original was replaced by another of its size',
    /another file than the one that was archived/,
    ({ archived }) => writeFileSync(archived, 'an imposter!'),
  ],
  ['the original has grown', /another file/, ({ archived }) => appendFileSync(archived, '!')],
  [
    'the film is a link to a file of that size',
    /its film is not there/,
    ({ film }) => {
      renameSync(film, `${film}.real`);
      symlinkSync(`${film}.real`, film);
    },
  ],
  [
    'the original is a link to the very same content',
    /it is not there any more/,
    ({ archived, folders }) => {
      renameSync(archived, join(folders.archived, 'elsewhere'));
      symlinkSync(join(folders.archived, 'elsewhere'), archived);
    },
  ],
  [
    'its folder is a link to another folder of the archive',
    /it is not there any more/,
    ({ folders }) => {
      renameSync(join(folders.archived, 's'), join(folders.archived, 't'));
      symlinkSync('t', join(folders.archived, 's'));
    },
  ],
  [
    'its folder is a link that leaves the archive',
    /cannot be checked: .*symbolic link/,
    ({ folders, root }) => {
      renameSync(join(folders.archived, 's'), join(root, 'outside'));
      symlinkSync(join(root, 'outside'), join(folders.archived, 's'));
    },
  ],
];

for (const [name, why, spoil] of HOSTILE) {
  test(`kept: ${name}`, async (t) => {
    const at = await finished(t);
    spoil(at);
    assert.match((await at.remove()) ?? 'removed', why);
    const left = [
      at.archived,
      join(at.root, 'elsewhere'),
      join(at.folders.archived, 't/r.mp4'),
      join(at.root, 'outside/r.mp4'),
    ];
    assert.ok(left.some(existsSync), 'some content is gone');
  });
}

test('paths of events never leave their folder', async (t) => {
  const { folders, original, root } = await finished(t);
  writeFileSync(join(root, 'precious'), 'the original');
  for (const archived of ['../precious', '/etc/hostname', 's/../../precious', ''])
    assert.match(
      (await removeOriginal({ ...original, archived }, folders)) ?? 'removed',
      /cannot be checked/,
      archived,
    );
  for (const film of ['../precious', ''])
    assert.match((await removeOriginal({ ...original, film }, folders)) ?? 'removed', /cannot be checked/, film);
  assert.equal(existsSync(join(root, 'precious')), true);
});
