import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fixture } from '../fixtures/make.ts';
import { makeRoom } from '../helpers/dailies.ts';
import { assertExact } from '../helpers/judge.ts';
import { POISON_SAYS, poisonedBuild } from '../helpers/poison.ts';
import { temporaryFolder } from '../helpers/temporary.ts';

/** What issues of this kind need: see in one command what was given up and why, mend it, and send it again. */
test('a batch that makes ffmpeg fail each time fails its recording alone; after a fix, replay makes the film', {
  timeout: 900_000,
}, async (t) => {
  const build = await poisonedBuild(await temporaryFolder(t), 60);
  const room = await makeRoom(t, build);
  const [poisoned, good] = [await fixture('60fps'), await fixture('cfr30-gop60')];
  await room.put(poisoned, 'poisoned.mp4');
  await room.put(good, 'good.mp4');
  const quick = ['--attempts', '2', '--backoff-ms', '50'];

  const first = await room.dailies('run', '--once', ...quick);
  assert.equal(first.code, 3, first.output);
  const rows = await room.status();
  const [bad] = rows.filter(({ path }) => path === 'poisoned.mp4');
  assert.deepEqual([bad?.state, bad?.code], ['failed', 'FFMPEG_FAILED'], JSON.stringify(rows));
  assert.deepEqual(await room.files('processed'), ['good.mp4']);
  await assertExact(good, join(room.folder, 'processed', 'good.mp4'));
  assert.ok((await room.files('.')).includes('poisoned.mp4'), 'the original stays where it is');
  assert.deepEqual(await room.files('work'), []);

  const letters = JSON.parse((await room.dailies('dead-letters', '--json')).output);
  assert.ok(letters.length > 0);
  for (const letter of letters) {
    assert.equal(letter.path, 'poisoned.mp4');
    assert.deepEqual([letter.state, letter.code, letter.attempts], ['open', 'FFMPEG_FAILED', 2]);
    assert.match(letter.reason, new RegExp(POISON_SAYS));
    assert.match(letter.stderr, new RegExp(POISON_SAYS));
    assert.match(letter.worker, new RegExp(`^${hostname()}:\\d+$`));
    assert.ok(letter.bytes > 0 && Number.isInteger(letter.batch));
  }

  await build.cure();
  const replay = await room.dailies('replay', 'poisoned.mp4');
  assert.equal(replay.code, 0, replay.output);
  const second = await room.dailies('run', '--once', ...quick);
  assert.equal(second.code, 0, second.output);
  await assertExact(poisoned, join(room.folder, 'processed', 'poisoned.mp4'));
  assert.deepEqual(await room.files('archived'), ['good.mp4', 'poisoned.mp4']);
  assert.deepEqual(JSON.parse((await room.dailies('dead-letters', '--json')).output), []);
  const settled = JSON.parse((await room.dailies('dead-letters', '--json', '--all')).output);
  assert.deepEqual(
    settled.map(({ state }: { state: string }) => state),
    letters.map(() => 'settled'),
  );
});
