import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DailiesError } from '@dailies/contracts';
import { type GradeFile, gradeCommand } from '../src/commands/grade.ts';
import { gradeLine } from '../src/grade-line.ts';
import { program } from '../src/program.ts';
import { fakeContext, fakeOutput, temporaryFolder } from './helpers.ts';

const made: GradeFile = async (_input, output, { onProgress }) => {
  onProgress({ frames: 0, totalFrames: 600, durationMs: 20_000 });
  onProgress({ frames: 600, totalFrames: 600, durationMs: 20_000 });
  return {
    film: output,
    kind: 'video',
    frames: 600,
    durationMs: 20_000,
    filmBytes: 5_000_000,
    notes: ['it is cut off'],
  };
};

function setup(t: TestContext, gradeFile: GradeFile = made) {
  const folder = temporaryFolder(t);
  const input = join(folder, 'in.webm');
  writeFileSync(input, 'x');
  const calls: { input: string; output: string; look: string }[] = [];
  const spied: GradeFile = (from, to, options) => {
    calls.push({ input: from, output: to, look: options.look.name });
    return gradeFile(from, to, options);
  };
  const fake = fakeContext({ PATH: process.env.PATH ?? '' });
  const run = (...argv: string[]) =>
    program([gradeCommand(spied)], { ...fake.context, cwd: folder }, ['grade', ...argv]);
  return { ...fake, folder, input, calls, run };
}

test('the film is named after the recording and its look, unless it is given', async (t) => {
  const { folder, input, calls, run, stdout, stderr } = setup(t);
  assert.equal(await run('in.webm', '--look', 'none'), 0);
  mkdirSync(join(folder, 'out'));
  assert.equal(await run('in.webm', 'out/film.mp4'), 0);
  assert.deepEqual(calls, [
    { input, output: join(folder, 'in.none.mp4'), look: 'none' },
    { input, output: join(folder, 'out/film.mp4'), look: 'both' },
  ]);
  assert.match(stdout.text(), /in\.none\.mp4: 600 frames, 0:20, 5\.0 MB, in \d+\.\d s, [\d.]+x real time\n/);
  assert.match(stderr.text(), /Note: it is cut off\.\n/);
});

// It said "1 frame, 0:00".
test('of an image no frames and no length are told', async (t) => {
  const facts = { kind: 'image', frames: 1, durationMs: 0, filmBytes: 142_000, notes: [] } as const;
  const { run, stdout } = setup(t, async (_input, film) => ({ film, ...facts }));
  assert.equal(await run('in.webm', 'out.mp4'), 0);
  assert.match(stdout.text(), /out\.mp4: 142 kB, in \d+\.\d s\n$/);
});

test('nothing is overwritten without --force, and never the recording', async (t) => {
  const { folder, calls, run, stderr } = setup(t);
  writeFileSync(join(folder, 'film.mp4'), 'precious');
  assert.equal(await run('in.webm', 'film.mp4'), 1);
  assert.equal(await run('in.webm', 'in.webm', '--force'), 1);
  assert.deepEqual(calls, []);
  assert.match(stderr.text(), /film\.mp4 exists already\.\n.*--force\.[\s\S]*is the recording itself/);
  assert.equal(await run('in.webm', 'film.mp4', '--force'), 0);
});

test('a missing file, a missing name and an unknown look are refused before anything runs', async (t) => {
  const { calls, run, stderr } = setup(t);
  for (const argv of [['nope.mp4'], [], ['in.webm', '--look', 'nix']]) assert.equal(await run(...argv), 1);
  assert.deepEqual(calls, []);
  assert.match(stderr.text(), /nope\.mp4 does not exist[\s\S]*Which file\?[\s\S]*There is no look "nix"/);
});

test('a failure is reported with what to do', async (t) => {
  const { run, stderr } = setup(t, () => Promise.reject(new DailiesError('RECORDING_NO_VIDEO', 'No picture.')));
  assert.equal(await run('in.webm'), 1);
  assert.equal(stderr.text(), 'dailies: No picture.\n  There is nothing to grade in it.\n');
});

test('a signal stops it; that is no failure of the recording', async (t) => {
  const { run, signal, stderr, listeners } = setup(t, (_input, _output, options) => {
    const stopped = new Promise<never>((_resolve, reject) =>
      options.signal.addEventListener('abort', () => reject(new DailiesError('ABORTED', 'stopped'))),
    );
    signal('SIGINT');
    return stopped;
  });
  assert.equal(await run('in.webm'), 130);
  assert.equal(stderr.text(), 'Stopped; no film was made.\n');
  assert.equal(listeners(), 0);
});

test('the bar is drawn on a terminal alone, and removed at the end', async (t) => {
  const { context, run, folder } = setup(t);
  await run('in.webm');
  const terminal = fakeOutput({ isTerminal: true });
  await program([gradeCommand(made)], { ...context, cwd: folder, stderr: terminal }, ['grade', 'in.webm']);
  assert.match(terminal.text(), /▕█+▏ 100 % {2}putting the film together/);
  assert.ok(terminal.text().endsWith('\x1b[JNote: it is cut off.\n'));
});

test('the line of the bar: share, speed, ETA', () => {
  assert.equal(gradeLine({ frames: 0, totalFrames: null, durationMs: null }, 0, 80), 'reading the recording');
  assert.equal(
    gradeLine({ frames: 300, totalFrames: 600, durationMs: 20_000 }, 1000, 100),
    `▕${'█'.repeat(15)}${' '.repeat(15)}▏  50 %  300 frames/s, 10x real time, ETA 0:01`,
  );
  // On a narrow terminal the bar was all that there was.
  assert.equal(gradeLine({ frames: 300, totalFrames: 600, durationMs: 20_000 }, 1000, 19), '50 %  300 frames/s…');
});
