import assert from 'node:assert/strict';
import { copyFile, mkdir, rename, rm, unlink, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { growJibriRecording } from '../fixtures/jibri.ts';
import { fixture } from '../fixtures/make.ts';
import { makeRoom } from '../helpers/dailies.ts';
import { assertExact } from '../helpers/judge.ts';
import { gatedBuild } from '../helpers/poison.ts';
import { listenTo } from '../helpers/running.ts';
import { temporaryFolder } from '../helpers/temporary.ts';

/** Recordings that change under our hands. One batch at a time, so that what happens after the first one is in the middle. */
const SLOW = { BATCH_SECONDS: '1', WINDOW_BATCHES: '1', WORKER_SLOTS: '1' };

test('deleted while it is processed: it has failed and says so, and the one beside it is finished', {
  timeout: 300_000,
}, async (t) => {
  const build = await gatedBuild(await temporaryFolder(t));
  const room = await makeRoom(t, build, { env: () => ({ ...SLOW, LOG_LEVEL: 'debug' }) });
  const gone = await room.put(await fixture('open-gop'), 'gone.mp4');
  const other = await fixture('one-frame');
  const run = listenTo(room.start('run', '--once'));
  await run.said(/batch graded/);
  await unlink(gone);
  await room.put(other, 'other.mp4');
  await build.cure();
  assert.equal(await run.ended, 3, run.lines.join('\n'));
  const rows = await room.status();
  assert.deepEqual(rows.map(({ path, state, code }) => [path, state, code]).sort(), [
    ['gone.mp4', 'failed', 'RECORDING_GONE'],
    ['other.mp4', 'finished', null],
  ]);
  assert.match(String(rows.find(({ path }) => path === 'gone.mp4')?.reason), /gone\.mp4/);
  assert.deepEqual(await room.files('processed'), ['other.mp4']);
  assert.deepEqual(await room.files('archived'), ['other.mp4']);
  assert.deepEqual(await room.files('work'), []);
});

test('replaced while it is processed: the old content fails, the new one is a recording of its own', {
  timeout: 300_000,
}, async (t) => {
  const build = await gatedBuild(await temporaryFolder(t));
  const room = await makeRoom(t, build, { env: () => ({ ...SLOW, LOG_LEVEL: 'debug' }) });
  const path = await room.put(await fixture('open-gop'), 'a.mp4');
  const later = await fixture('one-frame');
  const run = listenTo(room.start('run', '--once'));
  await run.said(/batch graded/);
  const aside = `${path}.part`;
  await copyFile(later, aside);
  await rename(aside, path);
  await build.cure();
  assert.equal(await run.ended, 0, run.lines.join('\n'));
  const rows = await room.status();
  assert.deepEqual(rows.map(({ path, state }) => [path, state]).sort(), [
    ['a.mp4', 'failed'],
    ['a.mp4', 'finished'],
  ]);
  // The new content may be done, and moved away, before the old one is asked for.
  const old = rows.find(({ state }) => state === 'failed');
  assert.match(String(old?.code), /^RECORDING_(CHANGED|GONE)$/);
  assert.deepEqual(await room.files('processed'), ['a.mp4']);
  assert.deepEqual(await room.files('work'), []);
  await assertExact(later, join(room.folder, 'processed', 'a.mp4'));
});

// Its batches were acknowledged and nobody sent them again: it was graded for ever.
test('the work folder is emptied by hand while a recording is in hand: it is begun anew, and finished', {
  timeout: 300_000,
}, async (t) => {
  const build = await gatedBuild(await temporaryFolder(t), 2);
  const room = await makeRoom(t, build, { env: () => ({ ...SLOW, LOG_LEVEL: 'debug' }) });
  const file = await fixture('open-gop');
  await room.put(file, 'a.mp4');
  const run = listenTo(room.start('run', '--once'));
  // It is sent when the one before it is stored.
  await run.said(/batch graded.*batch 1\b/);
  await rm(join(room.folder, 'work'), { recursive: true, maxRetries: 10 });
  await build.cure();
  assert.equal(await run.ended, 0, run.lines.join('\n'));
  assert.match(run.lines.join('\n'), /begun anew: graded batches of it are gone/);
  assert.deepEqual(
    (await room.status()).map(({ path, state }) => [path, state]),
    [['a.mp4', 'finished']],
  );
  for (const below of ['processed', 'archived']) assert.deepEqual(await room.files(below), ['a.mp4']);
  assert.deepEqual(await room.files('work'), []);
  await assertExact(file, join(room.folder, 'processed', 'a.mp4'));
});

// With the default of 30 s a pause of 20 s is shorter than the quiet that counts; that is proved on the ready rule with a
// clock (services/ingest-watcher/test/bursts.test.ts). Here the quiet is longer than any test, so that nothing but the
// end of the recording can make it ready, however slow the machine is.
test('a recording that is written in bursts is picked up when it is whole, and not before', {
  timeout: 300_000,
}, async (t) => {
  const room = await makeRoom(t, undefined, { env: () => ({ QUIET_MS: '3600000', RESCAN_MS: '100' }) });
  const file = await fixture('cfr30-gop60');
  const run = listenTo(room.start('run'));
  await run.said(/watching for recordings/);
  const growing = await growJibriRecording(room.folder, file, { finalizeMarker: true });
  const other = await fixture('one-frame');
  for (let burst = 1; burst <= 4; burst++) {
    assert.equal(await growing.grow(150_000), true);
    // Whoever comes after the burst and is finished tells that the folder was looked through meanwhile.
    await room.put(other, `witness-${burst}.mp4`);
    await run.said(new RegExp(`witness-${burst}\\.mp4 is done`));
    assert.doesNotMatch(run.lines.join('\n'), new RegExp(basename(growing.path)));
  }
  await growing.finish();
  await run.said(new RegExp(`${basename(growing.path)} is done`));
  run.child.kill('SIGTERM');
  assert.equal(await run.ended, 0);
  await assertExact(file, join(room.folder, 'processed', growing.relative));
});

test('the folder is missing at the start, removed while it is watched, and made again', {
  timeout: 300_000,
}, async (t) => {
  const room = await makeRoom(t, undefined, {
    env: (folder) => ({
      RECORDINGS_DIR: join(folder, 'in'),
      PROCESSED_DIR: join(folder, 'films'),
      ARCHIVED_DIR: join(folder, 'originals'),
      WORK_DIR: join(folder, 'work'),
      BUS_PATH: join(folder, 'bus.sqlite'),
      RESCAN_MS: '200',
    }),
  });
  const file = await fixture('one-frame');
  const run = listenTo(room.start('run'));
  await run.said(/watching for recordings/);
  await room.put(file, 'in/a.mp4');
  await run.said(/a\.mp4 is done/);
  await rm(join(room.folder, 'in'), { recursive: true });
  await run.said(/recordings folder.*(gone|missing|not there|does not exist)/i);
  // As an unmounted disk that comes back, with a recording on it.
  await mkdir(join(room.folder, 'aside'));
  await copyFile(file, join(room.folder, 'aside', 'b.mp4'));
  const old = new Date(Date.now() - 3_600_000);
  await utimes(join(room.folder, 'aside', 'b.mp4'), old, old);
  await rename(join(room.folder, 'aside'), join(room.folder, 'in'));
  await run.said(/b\.mp4 is done/);
  // And it is watched again, not only looked through once.
  await room.put(file, 'in/c.mp4');
  await run.said(/c\.mp4 is done/);
  run.child.kill('SIGTERM');
  assert.equal(await run.ended, 0);
  assert.deepEqual(await room.files('films'), ['a.mp4', 'b.mp4', 'c.mp4']);
  assert.deepEqual(await room.files('originals'), ['a.mp4', 'b.mp4', 'c.mp4']);
});
