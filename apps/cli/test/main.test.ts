import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './helpers.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
/** One white pixel. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

/** Runs `dailies` with its output to a full disk, or to a reader that leaves after what it first gets. */
async function dailies(t: TestContext, to: 'full disk' | 'head', args: readonly string[], folder: string) {
  const fd = openSync('/dev/full', 'w');
  t.after(() => closeSync(fd));
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, RECORDINGS_DIR: folder, QUIET_MS: '100', STABLE_MS: '100' },
    stdio: ['ignore', to === 'head' ? 'pipe' : fd, 'pipe'],
  });
  child.stdout?.once('data', () => child.stdout?.destroy());
  let err = '';
  child.stderr?.on('data', (chunk) => (err += chunk));
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { code, err };
}

function folderWithPicture(t: TestContext): string {
  const folder = temporaryFolder(t);
  const file = join(folder, 'a.png');
  writeFileSync(file, Buffer.from(PNG, 'base64'));
  utimesSync(file, 1_700_000_000, 1_700_000_000);
  return folder;
}

// It ended with the stack of Node, and whatever `run` had in hand stayed undone.
test('on a full disk a command that tells something says in one line that it cannot', async (t) => {
  for (const args of [['looks'], ['status'], ['topics', '--help']]) {
    const { code, err } = await dailies(t, 'full disk', args, temporaryFolder(t));
    assert.equal(code, 1, args.join());
    assert.match(err, /^dailies: the output cannot be written: ENOSPC.*\n$/);
  }
});

test('`run` makes its films whether or not its lines can be written, or are read', async (t) => {
  for (const to of ['full disk', 'head'] as const) {
    const folder = folderWithPicture(t);
    const { code, err } = await dailies(t, to, ['run', '--once'], folder);
    assert.equal(code, 0, `${to}: ${err}`);
    assert.ok(existsSync(join(folder, 'processed', 'a.png')));
    assert.doesNotMatch(err, /\n {4}at /);
  }
});

test('a reader that leaves early is no failure', async (t) => {
  assert.deepEqual(await dailies(t, 'head', ['looks'], temporaryFolder(t)), { code: 0, err: '' });
});
