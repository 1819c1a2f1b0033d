import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fixture } from '../fixtures/make.ts';
import { killGroup, makeRoom } from '../helpers/dailies.ts';
import { assertExact } from '../helpers/judge.ts';
import { gatedBuild, stuckBuild } from '../helpers/poison.ts';
import { random } from '../helpers/random.ts';
import { listenTo, type Running } from '../helpers/running.ts';
import { temporaryFolder } from '../helpers/temporary.ts';

/** Stops of every kind, in the middle of the work. */
const env = () => ({ BATCH_SECONDS: '1', WINDOW_BATCHES: '3', WORKER_SLOTS: '2', LOG_LEVEL: 'debug' });

/** From then on nothing more is taken in hand. */
const STOPPING = /stopping: what is nearly done is finished/;

/** The batches that a worker has graded, one entry for each time: `<recording>/<batch>`. */
function gradings(lines: readonly string[]): string[] {
  return lines
    .map((line) => /batch graded.*recordingId ([0-9a-f]{16}).*batch (\d+)/.exec(line))
    .filter((found) => found !== null)
    .map(([, recording, batch]) => `${recording}/${batch}`);
}

test('Ctrl-C while batches are graded: what is in hand is finished, the next start goes on, nothing is graded twice', {
  timeout: 300_000,
}, async (t) => {
  const build = await gatedBuild(await temporaryFolder(t));
  const room = await makeRoom(t, build, { env });
  const file = await fixture('open-gop');
  await room.put(file, 'a.mp4');
  const first = listenTo(room.start('run'));
  await first.said(/batch graded/);
  // As a terminal does: the whole group gets it.
  process.kill(-(first.child.pid as number), 'SIGINT');
  await first.said(STOPPING);
  await build.cure();
  // It takes ten seconds at most on a machine that is free; what hangs is ended here.
  const hung = setTimeout(() => killGroup(first.child), 90_000);
  assert.equal(await first.ended, 0, first.lines.join('\n'));
  clearTimeout(hung);
  assert.match(first.lines.at(-1) ?? '', /stopped; 1 recording not done, starting again goes on there/);
  const [before] = await room.status();
  assert.equal(before?.state, 'grading', JSON.stringify(before));
  assert.equal(before.code, null, 'a stop is no failure');
  const second = listenTo(room.start('run', '--once'));
  assert.equal(await second.ended, 0, second.lines.join('\n'));
  const graded = [...gradings(first.lines), ...gradings(second.lines)].map((name) => Number(name.split('/')[1]));
  assert.ok(graded.length >= 7, graded.join());
  assert.deepEqual(
    graded.sort((a, b) => a - b),
    [...graded.keys()],
  );
  assert.deepEqual(await room.files('work'), []);
  await assertExact(file, join(room.folder, 'processed', 'a.mp4'));
});

test('a stop in the middle of --once says what is left, and is no failure of the recording', {
  timeout: 300_000,
}, async (t) => {
  const build = await gatedBuild(await temporaryFolder(t));
  const room = await makeRoom(t, build, { env });
  await room.put(await fixture('open-gop'), 'a.mp4');
  const run = listenTo(room.start('run', '--once'));
  await run.said(/batch graded/);
  run.child.kill('SIGTERM');
  await run.said(STOPPING);
  await build.cure();
  assert.equal(await run.ended, 3, run.lines.join('\n'));
  assert.match(run.lines.join('\n'), /a\.mp4/);
  assert.equal((await room.status())[0]?.state, 'grading');
});

test('a stop while the film is put together: that is given up in time, and the next start does it again', {
  timeout: 300_000,
}, async (t) => {
  const tools = await temporaryFolder(t);
  const build = await stuckBuild(tools);
  const room = await makeRoom(t, build, { env: () => ({ ...env(), DRAIN_MS: '1000' }) });
  const file = await fixture('open-gop');
  await room.put(file, 'a.mp4');
  const first = listenTo(room.start('run'));
  await Promise.race([build.begun(), first.ended]);
  const stopping = performance.now();
  first.child.kill('SIGTERM');
  const hung = setTimeout(() => killGroup(first.child), 90_000);
  assert.equal(await first.ended, 0, first.lines.join('\n'));
  clearTimeout(hung);
  t.diagnostic(`stopped in ${((performance.now() - stopping) / 1000).toFixed(1)} s, DRAIN_MS=1000`);
  const [before] = await room.status();
  assert.deepEqual([before?.state, before?.code], ['assembling', null]);
  await build.cure();
  const second = listenTo(room.start('run', '--once'));
  assert.equal(await second.ended, 0, second.lines.join('\n'));
  assert.deepEqual(gradings(second.lines), []);
  assert.deepEqual(await room.files('work'), []);
  await assertExact(file, join(room.folder, 'processed', 'a.mp4'));
});

test('a tree that is frozen holds its folder; when it wakes up the film is made, once', {
  timeout: 300_000,
}, async (t) => {
  const build = await gatedBuild(await temporaryFolder(t));
  const room = await makeRoom(t, build, { env });
  const file = await fixture('open-gop');
  await room.put(file, 'a.mp4');
  const run = listenTo(room.start('run', '--once'));
  await run.said(/batch graded/);
  process.kill(-(run.child.pid as number), 'SIGSTOP');
  const second = await room.dailies('run', '--once');
  assert.equal(second.code, 1, second.output);
  assert.match(second.output, /Another dailies run works on this folder \(process \d+/);
  assert.equal((await room.status())[0]?.path, 'a.mp4', 'who only looks is not held up');
  process.kill(-(run.child.pid as number), 'SIGCONT');
  await build.cure();
  assert.equal(await run.ended, 0, run.lines.join('\n'));
  assert.deepEqual(await room.files('processed'), ['a.mp4']);
  assert.deepEqual(await room.files('archived'), ['a.mp4']);
  assert.deepEqual(await room.files('work'), []);
  await assertExact(file, join(room.folder, 'processed', 'a.mp4'));
});

const KILLS = Number(process.env.KILLS ?? 8);
const SEED = Number(process.env.SEED ?? 1);
/** One recording is over after some five kills at most, and two go on side by side. */
const KILLS_A_PAIR = 8;

test(`kill -9 of the whole process tree, ${KILLS} times, seed ${SEED}: each film is the same and appears once`, {
  timeout: 600_000 + KILLS * 60_000,
}, async (t) => {
  const room = await makeRoom(t, undefined, { env });
  const sources = [await fixture('cfr30-gop250'), await fixture('open-gop')];
  const files = new Map<string, string>();
  const putOne = async (): Promise<void> => {
    const [name, file] = [join(`s${files.size >> 1}`, `${files.size}.mp4`), sources[files.size % 2] as string];
    files.set(name, file);
    await room.put(file, name);
  };
  for (let kills = 0; kills < KILLS; kills += KILLS_A_PAIR) for (const _ of sources) await putOne();
  const next = random(SEED);
  const lives: string[][] = [];
  let kills = 0;
  while (kills < KILLS) {
    const run = listenTo(room.start('run', '--once'));
    const code = await killedAt(run, { line: Math.floor(next() * 16), laterMs: next() * 400 });
    lives.push(gradings(run.lines));
    if (code === null) kills += 1;
    else {
      assert.equal(code, 0, run.lines.join('\n'));
      // The work is over, the kills are not.
      await putOne();
    }
  }
  const last = listenTo(room.start('run', '--once'));
  assert.equal(await last.ended, 0, last.lines.join('\n'));
  lives.push(gradings(last.lines));
  const names = [...files.keys()].sort();
  const rows = await room.status();
  assert.deepEqual(
    rows.map((row) => `${row.path} ${row.state}`).sort(),
    names.map((name) => `${name} finished`),
  );
  for (const below of ['processed', 'archived']) assert.deepEqual(await room.files(below), names);
  assert.deepEqual(await room.files('work'), []);
  // What a kill may cost: the batches that were in the two slots, once more. Never twice in one life.
  const all = lives.flat();
  const batches = new Set(all).size;
  const graded = lives.filter((life) => life.length > 0).length;
  t.diagnostic(
    `seed ${SEED}: ${kills} kills, ${names.length} recordings, ${batches} batches, ${all.length} gradings, in ${graded} of ${lives.length} lives`,
  );
  for (const life of lives) assert.equal(new Set(life).size, life.length, life.join());
  assert.ok(all.length <= batches + 2 * kills, `${all.length} gradings of ${batches} batches with ${kills} kills`);
  for (const [name, file] of files) await assertExact(file, join(room.folder, 'processed', name));
});

/**
 * Kills a run some while after one of its first lines: a moment that is as random on a slow machine as on a fast one.
 * @returns null, or the exit code of one that ended before that
 */
async function killedAt(run: Running, { line, laterMs }: { line: number; laterMs: number }): Promise<number | null> {
  const seen = setInterval(() => {
    if (run.lines.length < line) return;
    clearInterval(seen);
    setTimeout(() => killGroup(run.child), laterMs);
  }, 5);
  const code = await run.ended;
  clearInterval(seen);
  return code;
}
