import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { isLocked, takeLock } from '../src/lock.ts';
import { temporaryFolder } from './helpers.ts';

const NOW = Date.parse('2026-08-01T12:34:00.000Z');

test('a second one is refused, and told who has it', (t) => {
  const path = join(temporaryFolder(t), 'new', 'run.lock');
  const lock = takeLock(path, { pid: 4711, now: NOW });
  assert.throws(
    () => takeLock(path, { pid: 4712, now: NOW }),
    /Another dailies run works on this folder \(process 4711, since 2026-08-01 12:34 UTC\)/,
  );
  assert.equal(isLocked(path), true);
  lock.release();
  assert.equal(isLocked(path), false);
  takeLock(path, { pid: 4713, now: NOW }).release();
});

test('where nobody ever ran, nothing is locked', (t) => {
  assert.equal(isLocked(join(temporaryFolder(t), 'run.lock')), false);
});

/** Takes the lock, says so, and stays. */
const HOLDER = `
  const { takeLock } = await import(process.argv[1]);
  takeLock(process.argv[2], { pid: process.pid, now: 0 });
  console.log('held');
  setInterval(() => {}, 1000);
`;

test('the lock of a process that was killed is free at once', async (t) => {
  const path = join(temporaryFolder(t), 'run.lock');
  const holder = spawn(
    process.execPath,
    ['--input-type=module', '-e', HOLDER, new URL('../src/lock.ts', import.meta.url).href, path],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  t.after(() => holder.kill('SIGKILL'));
  const exited = once(holder, 'exit');
  await Promise.race([
    once(holder.stdout, 'data'),
    exited.then(([code]) => {
      throw new Error(`the holder ended with ${code} before it had the lock`);
    }),
  ]);
  assert.throws(() => takeLock(path, { pid: 1, now: NOW }), new RegExp(`process ${holder.pid}`));
  holder.kill('SIGKILL');
  await exited;
  takeLock(path, { pid: 1, now: NOW }).release();
});
