import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { run } from '../src/commands/run.ts';
import { takeLock } from '../src/lock.ts';
import { program } from '../src/program.ts';
import { fakeContext, HOSTILE_NAME, RAW_CONTROL, temporaryFolder } from './helpers.ts';

function setup(t: TestContext) {
  const folder = join(temporaryFolder(t), 'recordings');
  mkdirSync(folder);
  const fake = fakeContext({ PATH: process.env.PATH ?? '' });
  const onceIn = (recordings: string, ...argv: string[]) =>
    program([run], fake.context, [
      'run',
      '--once',
      '--quiet-ms=1',
      '--worker-slots=1',
      '--recordings',
      recordings,
      ...argv,
    ]);
  const once = (...argv: string[]) => onceIn(folder, ...argv);
  return { ...fake, folder, once, onceIn };
}

test('an empty folder is worked through at once', async (t) => {
  const { once, folder, stdout, listeners } = setup(t);
  assert.equal(await once(), 0);
  assert.match(stdout.text(), /Dailies 1\.2\.3\n/);
  assert.ok(stdout.text().includes(`works through ${folder}\n`));
  assert.ok(stdout.text().endsWith('There was nothing to do.\n'));
  assert.equal(listeners(), 0);
});

test('a file that is no recording: exit code 3, named with its reason and what to do, and a second time too', async (t) => {
  const { once, folder, stdout } = setup(t);
  writeFileSync(join(folder, HOSTILE_NAME), 'just text');
  for (const time of ['first', 'second']) {
    const before = stdout.text().length;
    assert.equal(await once(), 3, time);
    const text = stdout.text().slice(before);
    assert.match(
      text,
      /0 films made, 1 failed\.\na\\n09:00:00 info {2}forged.*: quarantined: RECORDING_UNREADABLE: .*\n {2}.*dailies replay [0-9a-f]{16}/,
    );
    assert.doesNotMatch(text, RAW_CONTROL);
  }
});

test('a folder that is not there is not made by --once', async (t) => {
  const { onceIn, folder, stderr } = setup(t);
  assert.equal(await onceIn(join(folder, 'typo')), 1);
  assert.match(stderr.text(), /typo does not exist\.\n {2}Make it, or name another one with --recordings/);
  assert.equal(existsSync(join(folder, 'typo')), false);
});

test('what stands in the way of a start is told before anything runs', async (t) => {
  const { once, folder, stderr } = setup(t);
  assert.equal(await once('--look', 'nix'), 1);
  assert.equal(await once('--ffmpeg-path', '/nonexistent/ffmpeg'), 1);
  assert.equal(await once('--processed-dir', folder), 1);
  assert.match(stderr.text(), /There is no look "nix"[\s\S]*\/nonexistent\/ffmpeg[\s\S]*are the same/);
  assert.equal(existsSync(join(folder, '.dailies')), false, 'no bus was made');
});

test('a second one on the same folder is refused, and leaves the bus alone', async (t) => {
  const { once, folder, stderr } = setup(t);
  const lock = takeLock(join(folder, '.dailies', 'run.lock'), { pid: 4711, now: 0 });
  t.after(() => lock.release());
  assert.equal(await once(), 1);
  assert.match(stderr.text(), /Another dailies run works on this folder \(process 4711/);
  assert.equal(existsSync(join(folder, '.dailies', 'bus.sqlite')), false);
});

test('with LOG_FORMAT=json every line is JSON, the summary too', async (t) => {
  const { once, stdout } = setup(t);
  assert.equal(await once('--log-format', 'json'), 0);
  const lines = stdout
    .text()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(lines.at(-1), {
    ...lines.at(-1),
    msg: 'worked through',
    films: 0,
    failed: 0,
    unfinished: 0,
    problems: 0,
  });
});
