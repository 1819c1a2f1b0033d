import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, rename, rm, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { FINALIZED_MARKER, type Library, METADATA_FILE, openLibrary, type ScanEntry } from '../src/index.ts';
import { asNobody, needsRoot, ODD_NAMES, put, temporaryFolder } from './helpers.ts';

async function entries(library: Library, ignored?: string[]): Promise<ScanEntry[]> {
  const found: ScanEntry[] = [];
  for await (const entry of library.scan({ onIgnored: (path, why) => ignored?.push(`${path}: ${why}`) }))
    found.push(entry);
  return found;
}
const candidates = async (library: Library): Promise<string[]> =>
  (await entries(library)).filter((entry) => entry.type === 'candidate').map((entry) => entry.candidate.path);
const findings = async (library: Library) =>
  (await entries(library)).filter((entry) => entry.type === 'finding').map((entry) => entry.finding);

test('recordings and images come oldest first, with their size, kind and sidecars', async (t) => {
  const recordings = await temporaryFolder(t);
  const dated = async (path: string, seconds: number): Promise<void> =>
    utimes(await put(join(recordings, path), path), seconds, seconds);
  await dated('b/late.MP4', 300);
  await dated('early.webm', 100);
  await dated('a/middle.png', 200);
  await dated(`a/${METADATA_FILE}`, 250);
  await dated(`b/${FINALIZED_MARKER}`, 350);
  const found = (await entries(openLibrary({ recordings }))).map((entry) =>
    entry.type === 'candidate' ? entry.candidate : assert.fail(),
  );
  assert.deepEqual(
    found.map(({ path, file, kind, sizeBytes, mtimeMs, metadataMtimeMs, markerMtimeMs }) => ({
      path,
      file,
      kind,
      sizeBytes,
      mtimeMs,
      metadataMtimeMs,
      markerMtimeMs,
    })),
    [
      {
        path: 'early.webm',
        file: join(recordings, 'early.webm'),
        kind: 'video',
        sizeBytes: 10,
        mtimeMs: 100_000,
        metadataMtimeMs: null,
        markerMtimeMs: null,
      },
      {
        path: 'a/middle.png',
        file: join(recordings, 'a/middle.png'),
        kind: 'image',
        sizeBytes: 12,
        mtimeMs: 200_000,
        metadataMtimeMs: 250_000,
        markerMtimeMs: null,
      },
      {
        path: 'b/late.MP4',
        file: join(recordings, 'b/late.MP4'),
        kind: 'video',
        sizeBytes: 10,
        mtimeMs: 300_000,
        metadataMtimeMs: null,
        markerMtimeMs: 350_000,
      },
    ],
  );
});

test('our own folders, dot names, temporary names and other files are passed over', async (t) => {
  const recordings = await temporaryFolder(t);
  const library = openLibrary({
    recordings,
    processed: join(recordings, 'films/graded'),
    work: join(recordings, 'x/tmp'),
  });
  const no = [
    'films/graded/a.mp4',
    'processed/a.mp4',
    'archived/s/a.mp4',
    'x/tmp/a.mp4',
    '.dailies/a.mp4',
    '.a.mp4',
    's/.hidden/a.mp4',
    's/a.mp4.part',
    's/b.mp4.crdownload',
    's/c.mp4~',
    's/notes.txt',
    `s/${METADATA_FILE}`,
  ];
  const yes = ['films/a.mp4', 's/processed/a.mp4', 'work/a.mp4', 'x/a.mp4'];
  for (const path of [...no, ...yes]) await put(join(recordings, path));
  await mkdir(join(recordings, 's/folder.mp4'));
  execFileSync('mkfifo', [join(recordings, 's/pipe.mp4')]);
  assert.deepEqual((await candidates(library)).sort(), yes);
  for (const path of [...no, 's/folder.mp4', 's/pipe.mp4', 's/none.mp4', '../x.mp4'])
    assert.equal(await library.candidate(path), null, path);
  for (const path of yes) assert.equal((await library.candidate(path))?.path, path);
  const ignored: string[] = [];
  await entries(library, ignored);
  assert.ok(ignored.includes('s/notes.txt: no extension of a recording'), ignored.join('\n'));
});

test('odd names are found as they are', async (t) => {
  const recordings = await temporaryFolder(t);
  for (const name of ODD_NAMES) await put(join(recordings, 'ses sion', name));
  assert.deepEqual(
    (await candidates(openLibrary({ recordings }))).sort(),
    ODD_NAMES.map((name) => `ses sion/${name}`).sort(),
  );
});

test('a name that is no UTF-8 is reported', async (t) => {
  const recordings = await temporaryFolder(t);
  await put(join(recordings, 'a.mp4'));
  await rename(
    join(recordings, 'a.mp4'),
    Buffer.concat([Buffer.from(`${recordings}/caf`), Buffer.from([0xe9]), Buffer.from('.mp4')]),
  );
  const library = openLibrary({ recordings });
  assert.deepEqual(
    (await findings(library)).map(({ path, code }) => [path, code]),
    [['caf\ufffd.mp4', 'RECORDING_UNREADABLE']],
  );
  assert.deepEqual(await candidates(library), []);
});

test('media that are not opened are told of as such, with what to do; other files are not', async (t) => {
  const recordings = await temporaryFolder(t);
  const files = ['a.flv', 'b.OGV', 'c.mp3', 'd.m3u8', 'e.heic', 'notes.txt', '.f.flv', 'g.flv.part', 'h.3gp', 'i.MTS'];
  for (const path of files) await put(join(recordings, path));
  await mkdir(join(recordings, 'folder.flv'));
  const told: string[] = [];
  const onIgnored = (path: string, why: string, isMedia: boolean): void => {
    if (isMedia) told.push(`${path}: ${why}`);
  };
  const taken: string[] = [];
  for await (const entry of openLibrary({ recordings }).scan({ onIgnored }))
    if (entry.type === 'candidate') taken.push(entry.candidate.path);
  assert.deepEqual(taken.sort(), ['h.3gp', 'i.MTS']);
  assert.deepEqual(told.map((line) => line.slice(0, line.indexOf(':'))).sort(), files.slice(0, 5));
  assert.match(told.find((line) => line.startsWith('a.flv')) ?? '', /MKV.*ffmpeg -i IN -c copy OUT\.mkv/);
});

test('links that leave the tree are reported, those inside it passed over', async (t) => {
  const base = await temporaryFolder(t);
  const recordings = join(base, 'recordings');
  await put(join(base, 'outside/a.mp4'));
  await put(join(recordings, 'real/a.mp4'));
  const links = {
    'out.mp4': '../outside/a.mp4',
    out: '../outside',
    'dangling.mp4': '../none.mp4',
    'round.mp4': 'round.mp4',
    inside: 'real',
    'in.mp4': 'real/a.mp4',
    'gone.mp4': 'real/none.mp4',
    'out.txt': '../outside/a.mp4',
  };
  for (const [name, target] of Object.entries(links)) await symlink(target, join(recordings, name));
  const library = openLibrary({ recordings });
  const found = await findings(library);
  assert.deepEqual(found.map((finding) => finding.path).sort(), ['dangling.mp4', 'out', 'out.mp4', 'round.mp4']);
  assert.ok(found.every((finding) => finding.code === 'RECORDING_SYMLINK'));
  assert.match(found[0]?.reason ?? '', /symbolic link that leaves the recordings folder/);
  assert.deepEqual(await candidates(library), ['real/a.mp4']);
  for (const path of ['in.mp4', 'out.mp4', 'inside/a.mp4', 'out/a.mp4'])
    assert.equal(await library.candidate(path), null, path);
  const before = found.find((finding) => finding.path === 'out.mp4')?.mark;
  await rm(join(recordings, 'out.mp4'));
  await symlink('../outside/b.mp4', join(recordings, 'out.mp4'));
  assert.notEqual((await findings(library)).find((finding) => finding.path === 'out.mp4')?.mark, before);
});

test('folders of ours that are links to another disk are not reported', async (t) => {
  const base = await temporaryFolder(t);
  const recordings = join(base, 'recordings');
  for (const name of ['processed', 'archived', 'elsewhere']) {
    await put(join(base, 'disk', name, 'a.mp4'));
    await mkdir(recordings, { recursive: true });
    await symlink(join(base, 'disk', name), join(recordings, name));
  }
  const library = openLibrary({ recordings, work: join(recordings, 'elsewhere') });
  assert.equal(library.processed, join(base, 'disk/processed'));
  assert.deepEqual(await entries(library), []);
});

test('a folder that may not be read is reported, and the others are scanned', { skip: needsRoot }, async (t) => {
  const recordings = await temporaryFolder(t);
  await chmod(recordings, 0o755);
  await put(join(recordings, 'closed/a.mp4'));
  await put(join(recordings, 'listed/a.mp4'));
  await put(join(recordings, 'open/a.mp4'));
  await chmod(join(recordings, 'closed'), 0o700);
  await chmod(join(recordings, 'listed'), 0o744);
  const library = openLibrary({ recordings });
  await asNobody(async () => {
    assert.deepEqual(
      (await findings(library)).map(({ path, code }) => [path, code]),
      [
        ['closed', 'PERMISSION_DENIED'],
        ['listed', 'PERMISSION_DENIED'],
      ],
    );
    assert.deepEqual(await candidates(library), ['open/a.mp4']);
  });
});

test('a root that is missing is ENOENT', async (t) => {
  const library = openLibrary({ recordings: join(await temporaryFolder(t), 'none') });
  await assert.rejects(entries(library), { code: 'ENOENT' });
});
