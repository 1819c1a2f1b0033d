import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fixture } from '../fixtures/make.ts';
import { makeRoom } from '../helpers/dailies.ts';
import { assertExact } from '../helpers/judge.ts';
import { cannotMount, smallDisk } from '../helpers/mounts.ts';
import { listenTo } from '../helpers/running.ts';

/** Full disks and other disks. Each small disk is a tmpfs, which only root can mount. */

const skip = cannotMount();
const QUICK = { BACKOFF_MS: '100', BACKOFF_MAX_MS: '500', BATCH_SECONDS: '1', WINDOW_BATCHES: '2' };

for (const [what, setting, name, tooSmall] of [
  ['work', 'WORK_DIR', 'small-work', '40k'],
  ['processed', 'PROCESSED_DIR', 'small-processed', '100k'],
  ['archived', 'ARCHIVED_DIR', 'small-archived', '200k'],
] as const) {
  test(`the disk of ${what} is full: the recording waits and says so, and goes on by itself when there is room`, {
    skip,
    timeout: 300_000,
  }, async (t) => {
    const room = await makeRoom(t, undefined, { env: (folder) => ({ ...QUICK, [setting]: join(folder, name) }) });
    const disk = smallDisk(join(room.folder, name), tooSmall);
    const file = await fixture('open-gop');
    await room.put(file, 'a.mp4');
    const run = listenTo(room.start('run'));
    await run.said(/DISK_FULL.*no space left/i);
    const [waiting] = await room.status();
    assert.equal(waiting?.code, 'DISK_FULL', JSON.stringify(waiting));
    assert.match(String(waiting?.reason), new RegExp(name));
    assert.ok(!['finished', 'failed'].includes(String(waiting?.state)));
    disk.grow('64m');
    await run.said(/a\.mp4 is done/);
    run.child.kill('SIGTERM');
    assert.equal(await run.ended, 0);
    const [row] = await room.status();
    assert.equal(row?.state, 'finished', JSON.stringify(row));
    await assertExact(file, join(room.folder, what === 'processed' ? name : 'processed', 'a.mp4'));
    assert.deepEqual(await room.files(what === 'archived' ? name : 'archived'), ['a.mp4']);
    assert.deepEqual(await room.files(what === 'work' ? name : 'work'), []);
  });
}

test('the disk of the bus is full: nothing is lost, and it goes on by itself when there is room', {
  skip,
  timeout: 300_000,
}, async (t) => {
  const room = await makeRoom(t, undefined, {
    env: (folder) => ({ ...QUICK, BUS_PATH: join(folder, 'small-bus', 'bus.sqlite') }),
  });
  const disk = smallDisk(join(room.folder, 'small-bus'), '300k');
  const file = await fixture('open-gop');
  await room.put(file, 'a.mp4');
  const run = listenTo(room.start('run'));
  await run.said(/DISK_FULL/);
  disk.grow('64m');
  await run.said(/a\.mp4 is done/);
  run.child.kill('SIGTERM');
  assert.equal(await run.ended, 0);
  await assertExact(file, join(room.folder, 'processed', 'a.mp4'));
  assert.deepEqual(await room.files('work'), []);
});

test('films and originals on other disks: moved there whole, and nothing half is left anywhere', {
  skip,
  timeout: 300_000,
}, async (t) => {
  const room = await makeRoom(t, undefined, {
    env: (folder) => ({
      PROCESSED_DIR: join(folder, 'disk-1'),
      ARCHIVED_DIR: join(folder, 'disk-2', 'originals'),
      WORK_DIR: join(folder, 'disk-3'),
    }),
  });
  for (const name of ['disk-1', 'disk-2', 'disk-3', 'disk-1/s']) smallDisk(join(room.folder, name), '64m');
  const file = await fixture('open-gop');
  await room.put(file, 's/a.mp4');
  await room.put(await fixture('no-audio'), 'disk-2/originals/s/a.mp4');
  const { code, output } = await room.dailies('run', '--once');
  assert.equal(code, 0, output);
  // The film went from the disk of processed/ to a sub-folder on yet another one.
  assert.deepEqual(await room.files('disk-1'), ['s/a.mp4']);
  assert.deepEqual(await room.files('disk-2'), ['originals/s/a (2).mp4', 'originals/s/a.mp4']);
  assert.deepEqual(await room.files('disk-3'), []);
  assert.deepEqual(await room.files('s'), []);
  await assertExact(file, join(room.folder, 'disk-1/s/a.mp4'));
});
