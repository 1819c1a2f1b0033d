import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { doctor } from '../../src/commands/doctor.ts';
import { program } from '../../src/program.ts';
import { fakeContext, temporaryFolder } from '../helpers.ts';

async function run(...argv: string[]) {
  const { context, stdout, stderr } = fakeContext({ PATH: process.env.PATH ?? '' });
  const code = await program([doctor], { ...context, now: Date.now }, ['doctor', ...argv]);
  return { code, out: stdout.text(), err: stderr.text() };
}

test('a folder that will do: exit code 0, JSON with level, check, found and todo, and nothing is made', async (t) => {
  const folder = temporaryFolder(t);
  const { code, out } = await run('--recordings', folder, '--json');
  const findings = JSON.parse(out) as Record<string, unknown>[];
  assert.equal(code, 0, out);
  assert.ok(findings.length >= 12);
  for (const finding of findings) assert.deepEqual(Object.keys(finding), ['level', 'check', 'found', 'todo']);
  assert.equal(existsSync(join(folder, 'processed')), false);
});

test('a failure: exit code 1, in words', async (t) => {
  const folder = temporaryFolder(t);
  const { code, out } = await run('--recordings', folder, '--ffmpeg-path', '/nowhere/ffmpeg');
  assert.equal(code, 1);
  assert.match(out, /^fail +ffmpeg [^→]*\n +→ Install ffmpeg/m);
  assert.match(out, /1 failure/);
});

test('folders that are mixed up are a line, and the rest is checked', async (t) => {
  const folder = temporaryFolder(t);
  const { code, out } = await run('--recordings', folder, '--archived-dir', folder);
  assert.equal(code, 1);
  assert.match(out, /^fail +folders +The folders recordings and archived are the\s+same/m);
  assert.match(out, /^ok +clock/m);
});
