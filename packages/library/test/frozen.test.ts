import assert from 'node:assert/strict';
import fs, { readdir, readFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createFilmStore } from '../src/films.ts';
import { fingerprint, moveOriginal } from '../src/index.ts';
import { put, temporaryFolder } from './helpers.ts';

// Two processes at one move: one is frozen (a laptop that sleeps, a stopped container) before a system call, another takes
// its work over and ends it, and the first one wakes up. Its call failed then, and it took "its" file away: the only one.

type Call = 'link' | 'unlink' | 'rename';

/** Runs something else before the first such system call, once. */
function before(t: TestContext, call: Call, act: () => Promise<unknown>): void {
  const real = fs[call] as (...args: unknown[]) => Promise<void>;
  let isFirst = true;
  replace(t, call, async (...args) => {
    if (isFirst) {
      isFirst = false;
      await act();
    }
    return real(...args);
  });
}

/** A file system without hard links. */
function withoutLinks(t: TestContext): void {
  replace(t, 'link', async (_from, to) => {
    const isTaken = await fs.lstat(to as string).then(
      () => true,
      () => false,
    );
    throw Object.assign(new Error('refused'), { code: isTaken ? 'EEXIST' : 'EPERM' });
  });
}

function replace(t: TestContext, call: Call, by: (...args: unknown[]) => Promise<void>): void {
  t.mock.method(fs, call, by as never);
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
}

async function stage(t: TestContext) {
  const base = await temporaryFolder(t);
  const from = await put(join(base, 'in/a.mp4'), 'the original');
  const to = join(base, 'archived/a.mp4');
  const mark = await fingerprint(from);
  return { base, from, to, mark, move: () => moveOriginal(from, to, mark) };
}

test('one that wakes up before it takes the old name away leaves what the other has moved', async (t) => {
  const { base, to, move } = await stage(t);
  before(t, 'unlink', move);
  assert.equal(await move(), to);
  assert.equal(await readFile(to, 'utf8'), 'the original');
  assert.deepEqual(await readdir(join(base, 'in')), []);
  assert.deepEqual(await readdir(join(base, 'archived')), ['a.mp4']);
});

test('and so without hard links, where a reservation is renamed over', async (t) => {
  const { base, to, move } = await stage(t);
  withoutLinks(t);
  before(t, 'rename', move);
  assert.equal(await move(), to);
  assert.equal(await readFile(to, 'utf8'), 'the original');
  assert.deepEqual(await readdir(join(base, 'archived')), ['a.mp4']);
});

test('one that wakes up before it has done anything finds what the other has moved', async (t) => {
  const { from, to, move } = await stage(t);
  before(t, 'link', async () => {
    await move();
    await put(from, 'the next recording');
  });
  assert.equal(await move(), to);
  assert.equal(await readFile(to, 'utf8'), 'the original');
  assert.equal(await readFile(from, 'utf8'), 'the next recording');
});

test('one whose copy the other has removed gives nothing up while the original is there', async (t) => {
  const { from, move } = await stage(t);
  replace(t, 'link', () => Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' })));
  await assert.rejects(move(), { code: 'ENOENT' });
  assert.equal(await readFile(from, 'utf8'), 'the original');
});

test('a film that the other process has published stays', async (t) => {
  const base = await temporaryFolder(t);
  const folders = { recordings: base, processed: join(base, 'processed'), archived: join(base, 'archived') };
  const films = createFilmStore(folders);
  const id = '0123456789abcdef';
  const temporary = await put(await films.temporary(id), 'the film');
  const mark = await fingerprint(temporary);
  before(t, 'unlink', async () => assert.equal(await films.find(id, 'a.mp4', mark), 'a.mp4'));
  assert.equal(await films.publish(id, temporary, 'a.mp4'), 'a.mp4');
  assert.equal(await readFile(join(folders.processed, 'a.mp4'), 'utf8'), 'the film');
});

// It was archived ungraded, under the name of the one whose film had been made.
for (const links of [true, false]) {
  test(`an original that is replaced at the moment of its move stays (${links ? 'links' : 'no links'})`, async (t) => {
    const { base, from, move } = await stage(t);
    if (!links) withoutLinks(t);
    before(t, links ? 'link' : 'rename', async () => {
      const next = await put(join(base, 'next'), 'another recording');
      // Not by the call that is watched.
      await fs.copyFile(next, from);
    });
    await assert.rejects(move(), { code: 'RECORDING_CHANGED' });
    assert.equal(await readFile(from, 'utf8'), 'another recording');
    assert.deepEqual(await readdir(join(base, 'archived')), []);
  });
}
