import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { type FixtureName, fixture } from '../fixtures/make.ts';
import { makeRoom } from '../helpers/dailies.ts';
import { assertExact } from '../helpers/judge.ts';

const HOSTILE: Readonly<Partial<Record<FixtureName, string>>> = {
  'zero-bytes.mp4': 'RECORDING_EMPTY',
  'no-moov.mp4': 'RECORDING_NO_MOOV',
  'text.mp4': 'RECORDING_UNREADABLE',
  'hls.mp4': 'RECORDING_FORMAT_REFUSED',
  'concat.mp4': 'RECORDING_FORMAT_REFUSED',
  'garbage.mp4': 'RECORDING_UNREADABLE',
};

test('hostile and broken files are quarantined with a reason, and the good one beside them is finished', {
  timeout: 600_000,
}, async (t) => {
  const room = await makeRoom(t);
  for (const name of Object.keys(HOSTILE) as FixtureName[]) await room.put(await fixture(name));
  const good = await fixture('cfr30-gop60');
  const odd = join('-v "quoted" \n 🎬', `--${'é'.repeat(120)}.mp4`);
  await room.put(good, odd);
  await symlink('/etc/passwd', join(room.folder, 'link.mp4'));
  const { code, output } = await room.dailies('run', '--once');
  assert.equal(code, 3, output);
  const rows = await room.status();
  for (const [name, reason] of Object.entries(HOSTILE)) {
    const row = rows.find((found) => found.path === name);
    assert.equal(row?.state, 'quarantined', `${name}: ${JSON.stringify(row)}`);
    assert.equal(row.code, reason, name);
    assert.ok(row.reason, name);
  }
  assert.equal(rows.find((row) => row.path === 'link.mp4')?.code, 'RECORDING_SYMLINK');
  const row = rows.find((found) => found.path === odd);
  assert.equal(row?.state, 'finished', JSON.stringify(row));
  await assertExact(good, join(room.folder, String(row.film)));
});

test('a film is never written over another one', { timeout: 1_200_000 }, async (t) => {
  const room = await makeRoom(t);
  const file = await fixture('cfr30-gop60');
  const other = await fixture('no-audio');
  const name = basename(file);
  await room.put(other, join('processed', name));
  await room.put(other, join('archived', name));
  await room.put(file);
  const { code, output } = await room.dailies('run', '--once');
  assert.equal(code, 0, output);
  const [row] = await room.status();
  assert.match(String(row?.film), / \(2\)\.mp4$/);
  assert.match(String(row?.archived), / \(2\)\.mp4$/);
  await assertExact(file, join(room.folder, String(row?.film)));
});
