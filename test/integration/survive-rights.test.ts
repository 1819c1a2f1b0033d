import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fixture } from '../fixtures/make.ts';
import { MAIN, makeRoom } from '../helpers/dailies.ts';
import { assertExact } from '../helpers/judge.ts';
import { listenTo } from '../helpers/running.ts';

/** Rights that are missing. Root has all of them, so the command runs as another user, who owns the folder of the test. */
const UID = 54_321;

function cannotBecomeAnother(): string | false {
  if (process.geteuid?.() !== 0) return 'needs root, to run the command as another user';
  const tried = spawnSync(process.execPath, [MAIN, '--version'], { uid: UID, gid: UID, cwd: '/' });
  return tried.status === 0 ? false : `another user cannot run ${process.execPath} ${MAIN} here`;
}
const skip = cannotBecomeAnother();

const roomOf = (t: TestContext) =>
  makeRoom(t, undefined, {
    uid: UID,
    env: () => ({ BACKOFF_MS: '100', BACKOFF_MAX_MS: '500', RESCAN_MS: '300', BATCH_SECONDS: '1', HOME: '/' }),
  });

test('folders that cannot be written are told before anything runs, with the command that mends it', {
  skip,
  timeout: 300_000,
}, async (t) => {
  for (const name of ['processed', 'archived', 'work']) {
    const room = await roomOf(t);
    await room.put(await fixture('one-frame'), 'a.mp4');
    await mkdir(join(room.folder, name), { mode: 0o755 });
    const { code, output } = await room.dailies('run', '--once');
    assert.equal(code, 1, output);
    const folder = join(room.folder, name);
    assert.match(
      output,
      new RegExp(`${folder} cannot be written by uid ${UID}.*sudo chown -R ${UID}:${UID} ${folder}`),
    );
    assert.deepEqual(await room.status(), [], 'nothing was begun');
  }
});

test('a recording that cannot be read is told, and processed when it can', { skip, timeout: 300_000 }, async (t) => {
  const room = await roomOf(t);
  const file = await fixture('open-gop');
  const closed = await room.put(file, 's/closed.mp4');
  await chmod(closed, 0);
  const once = await room.dailies('run', '--once');
  assert.equal(once.code, 3, once.output);
  assert.match(once.output, /closed\.mp4 cannot be read by uid 54321/);
  const run = listenTo(room.start('run'));
  await run.said(/watching for recordings/);
  await chmod(closed, 0o644);
  await run.said(/closed\.mp4 is done/);
  run.child.kill('SIGTERM');
  assert.equal(await run.ended, 0);
  await assertExact(file, join(room.folder, 'processed/s/closed.mp4'));
});

for (const [what, closed] of [
  ['processed', 'processed'],
  ['archived', 'archived'],
  ['the session of the recording', 's'],
] as const) {
  test(`the right to write to ${what} is taken away meanwhile: it waits, and goes on when it is given back`, {
    skip,
    timeout: 300_000,
  }, async (t) => {
    const room = await roomOf(t);
    const run = listenTo(room.start('run'));
    await run.said(/watching for recordings/);
    const folder = join(room.folder, closed);
    await mkdir(folder, { recursive: true });
    const file = await fixture('open-gop');
    // Closed before there is a recording: afterwards the work could be over first. We are root, and may write all the same.
    await chmod(folder, 0o555);
    await room.put(file, 's/a.mp4');
    await run.said(new RegExp(`PERMISSION_DENIED.*${folder}`));
    const [waiting] = await room.status();
    assert.equal(waiting?.code, 'PERMISSION_DENIED', JSON.stringify(waiting));
    assert.ok(!['failed', 'finished'].includes(waiting.state), waiting.state);
    await chmod(folder, 0o755);
    await run.said(/a\.mp4 is done/);
    run.child.kill('SIGTERM');
    assert.equal(await run.ended, 0);
    assert.deepEqual(await room.files('processed'), ['s/a.mp4']);
    assert.deepEqual(await room.files('archived'), ['s/a.mp4']);
    assert.deepEqual(await room.files('work'), []);
    await assertExact(file, join(room.folder, 'processed/s/a.mp4'));
  });
}
