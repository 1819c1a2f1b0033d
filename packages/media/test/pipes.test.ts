import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { makePipes, sweepPipes } from '../src/index.ts';

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'dailies-pipes-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A pid that no process has. */
const DEAD = 2 ** 22 + 1;

/** Resolves when a process has become `program` and sleeps: here, in opening a pipe (proc_pid_stat(5)). */
async function isWaiting(pid: number | undefined, program: string): Promise<void> {
  while (!readFileSync(`/proc/${pid}/stat`, 'latin1').includes(`(${program}) S`)) await setImmediate();
}

// A process tree was killed with SIGKILL while its decoder waited for us to open the pipe: ffmpeg waited on for ever.
test('who waits at the pipes of a dead process is freed, and the pipes are removed', {
  skip: process.platform !== 'linux' && 'needs /proc',
  timeout: 120_000,
}, async (t) => {
  const folder = folderOf(t);
  const stale = join(folder, `dailies-slot-${DEAD}-1-abc`);
  mkdirSync(stale);
  execFileSync('mkfifo', [join(stale, 'decoded'), join(stale, 'graded')]);
  const writer = spawn('tee', [join(stale, 'decoded')], { stdio: 'ignore' });
  const reader = spawn('cat', [join(stale, 'graded')], { stdio: 'ignore' });
  t.after(() => [writer, reader].map((child) => child.kill('SIGKILL')));
  await Promise.all([isWaiting(writer.pid, 'tee'), isWaiting(reader.pid, 'cat')]);
  const ends = Promise.all([writer, reader].map((child) => once(child, 'exit')));
  await sweepPipes(folder);
  assert.deepEqual(await ends, [
    [0, null],
    [0, null],
  ]);
  assert.equal(existsSync(stale), false);
});

test('pipes of living processes, ours too, are left alone', async (t) => {
  const folder = folderOf(t);
  const own = await makePipes(folder);
  t.after(own.remove);
  const foreign = join(folder, `dailies-slot-${process.ppid}-1-abc`);
  mkdirSync(foreign);
  mkdirSync(join(folder, 'dailies-slot-notes'));
  await sweepPipes(folder);
  assert.ok(existsSync(own.pipes.decoded));
  assert.ok(existsSync(foreign));
  assert.ok(existsSync(join(folder, 'dailies-slot-notes')));
});
