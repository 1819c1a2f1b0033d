import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { foldersCheck, recordingsCheck } from '../../src/doctor/folders.ts';
import { temporaryFolder } from '../helpers.ts';
import { candidate, fakeHost, inputOf, levels } from './input.ts';

test('each folder is written to, and nothing is left in it', async (t) => {
  const folder = temporaryFolder(t);
  const findings = await foldersCheck.run(inputOf(folder));
  assert.deepEqual(levels(findings), ['ok user', 'ok recordings', 'ok processed', 'ok archived', 'ok work']);
  assert.deepEqual(readdirSync(folder).sort(), ['archived', 'processed', 'work']);
  assert.deepEqual(readdirSync(join(folder, 'work')), []);
});

test('a folder that is not there is made by a start; but the recordings folder may be a slip of the pen', async (t) => {
  const folder = join(temporaryFolder(t), 'recordigns');
  const findings = await foldersCheck.run(inputOf(folder, { make: false }));
  assert.deepEqual(levels(findings), ['ok user', 'warn recordings', 'ok processed', 'ok archived', 'ok work']);
  assert.ok(findings[1]?.todo?.includes(`mkdir -p ${folder}`));
});

test('a file in the place of a folder, and root', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const env = { PROCESSED_DIR: file, WORK_DIR: join(file, 'below') };
  const findings = await foldersCheck.run(inputOf(folder, { make: false, env, host: fakeHost({ uid: 0, gid: 0 }) }));
  assert.deepEqual(levels(findings), ['warn user', 'ok recordings', 'fail processed', 'ok archived', 'fail work']);
});

test('what cannot be read below the recordings folder is told, three times at most', async (t) => {
  const reason = (n: number) => `/r/${n} cannot be read by uid 1000 (EACCES).`;
  const findings = [1, 2, 3, 4, 5].map((n) => ({
    path: `${n}`,
    kind: 'video' as const,
    code: 'PERMISSION_DENIED' as const,
    reason: reason(n),
    mark: 'folder',
  }));
  const input = inputOf(temporaryFolder(t), { survey: { findings } });
  const lines = await recordingsCheck.run(input);
  assert.deepEqual(
    lines.map(({ found }) => found),
    [reason(1), reason(2), reason(3), '2 more like these.'],
  );
});

test('originals in a folder that cannot be written could not be moved', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'a.mp4'), '');
  // What is gone can be read and written by nobody, root included.
  const survey = { candidates: [candidate('gone/a.mp4', { root: folder }), candidate('a.mp4', { root: folder })] };
  const [closed, line, ...more] = await recordingsCheck.run(inputOf(folder, { survey }));
  assert.equal(closed?.found, `${folder}/gone/a.mp4 cannot be read.`);
  assert.equal(line?.level, 'fail');
  assert.ok(line?.found.startsWith(`${folder}/gone cannot be written`), line?.found);
  assert.match(line?.todo ?? '', /chown -R 1000 /);
  assert.deepEqual(more, []);
});
