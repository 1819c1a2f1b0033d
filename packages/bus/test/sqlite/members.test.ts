import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { createSilenceJudge, hasEnded, type KnownMember, thisMember } from '../../src/sqlite/members.ts';

const us = thisMember();

test('a process is known to have ended by its pid, but only where pids mean the same', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  const gone = { ...us, pid: Number(child.pid), started: '1' };
  assert.equal(hasEnded(gone, us), true);
  assert.equal(hasEnded({ ...gone, home: 'another container' }, us), false);
  assert.equal(hasEnded(us, us), false);
});

test('a pid that is used again by another process does not keep the first one alive', () => {
  assert.equal(hasEnded({ ...us, started: String(Number(us.started) - 1) }, us), true);
  // Without /proc the start is unknown, and the pid alone has to do.
  assert.equal(hasEnded({ ...us, started: '' }, us), false);
});

test('a process that was killed but not waited for by its parent has ended', async (t) => {
  // What `exec` puts in the shell's place never waits for the shell's child. That must not end before, or the shell itself
  // waits for it: the end of stdout tells of the `exec`, then the end of pipe 3 ends the child.
  const parent = spawn('sh', ['-c', 'cat <&3 >/dev/null & echo $!; exec sleep 60 >&- 3<&-'], {
    stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
  });
  t.after(() => parent.kill('SIGKILL'));
  const pid = Number(await text(parent.stdout as Readable));
  (parent.stdio[3] as Writable).end();
  while (!hasEnded({ ...us, pid, started: '' }, us)) await new Promise((resolve) => setImmediate(resolve));
  assert.doesNotThrow(() => process.kill(pid, 0), 'the pid is still taken');
});

test('silence is counted by our own clock while a beat does not change', () => {
  const time = { wall: 1_000_000, ms: 0 };
  const silent = createSilenceJudge({ now: () => time.wall, monotonic: () => time.ms }, 10_000);
  const after = (ms: number, ...beats: number[]): number[] => {
    time.ms += ms;
    const members = beats.map((beat, index): KnownMember => ({ ...us, id: String(index), beat }));
    return silent(members).map(({ id }) => Number(id));
  };
  assert.deepEqual(after(0, 999_000, 1_500_000), [], 'one whose clock is ahead is not silent');
  time.wall += 3_600_000;
  assert.deepEqual(after(1000, 999_000, 1_500_000), [], 'a clock that is set forward says nothing');
  assert.deepEqual(
    after(60_000, 999_000, 1_500_000),
    [],
    'one look adds no more than half: we may have been frozen ourselves',
  );
  assert.deepEqual(after(3000, 999_000, 1_500_001), [], 'the second one beats');
  assert.deepEqual(after(4000, 999_000, 1_500_001), [0]);
  assert.deepEqual(after(3000, 1_000_000, 1_500_001), [], 'it came back');
});

test('at first sight the wall clock counts: one that died long ago need not be waited for', () => {
  const silent = createSilenceJudge({ now: () => 100_000, monotonic: () => 0 }, 10_000);
  const members = [
    { ...us, id: 'old', beat: 80_000 },
    { ...us, id: 'new', beat: 95_000 },
  ];
  assert.deepEqual(
    silent(members).map(({ id }) => id),
    ['old'],
  );
});
