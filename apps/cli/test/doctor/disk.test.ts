import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { needs, oneDiskCheck, spaceCheck, spaceFinding } from '../../src/doctor/disk.ts';
import { temporaryFolder } from '../helpers.ts';
import { candidate, inputOf, levels } from './input.ts';

test('one file system: a rename was tried, and nothing is left of it', async (t) => {
  const folder = temporaryFolder(t);
  const findings = await oneDiskCheck.run(inputOf(folder));
  assert.deepEqual(levels(findings), ['ok one disk', 'ok one disk']);
  assert.match(findings[0]?.found ?? '', /by a rename/);
  assert.deepEqual(readdirSync(join(folder, 'archived')), []);
});

test('two file systems: it says that originals are copied', async (t) => {
  const folder = temporaryFolder(t);
  if (statSync('/dev/shm', { throwIfNoEntry: false })?.dev === statSync(folder).dev) return t.skip('no second one');
  const other = mkdtempSync('/dev/shm/dailies-doctor-');
  t.after(() => rmSync(other, { recursive: true }));
  const findings = await oneDiskCheck.run(inputOf(folder, { env: { ARCHIVED_DIR: join(other, 'archived') } }));
  assert.deepEqual(levels(findings), ['warn one disk', 'ok one disk']);
  assert.match(findings[0]?.found ?? '', /is copied, compared and then deleted/);
});

test('space is reckoned with the largest recording', async (t) => {
  const folder = temporaryFolder(t);
  const of = async (sizeBytes: number) =>
    (await spaceCheck.run(inputOf(folder, { survey: { candidates: [candidate('a.mp4', { sizeBytes })] } }))).filter(
      ({ check }) => check === 'space',
    );
  assert.deepEqual(levels(await of(1e15)), ['fail space']);
  const [line] = await of(0);
  assert.match(line?.found ?? '', /free for recordings, processed, archived, work; there is no recording/);
});

test('a film may be half as large again as its recording, in work and in processed; an archive on another disk needs a copy', () => {
  assert.deepEqual(needs(1000, false), { recordings: 0, work: 1500, processed: 1500, archived: 0 });
  assert.deepEqual(needs(1000, true), { recordings: 0, work: 1500, processed: 1500, archived: 1000 });
});

test('enough, little, too little', () => {
  const level = (freeBytes: number) =>
    spaceFinding({ folders: ['work'], freeBytes, freeInodes: null, needBytes: 1000 }, 'why').level;
  assert.deepEqual([level(999), level(1000), level(2999), level(3000)], ['fail', 'warn', 'warn', 'ok']);
});
