import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Candidate, Structure } from '@dailies/library';
import { createCandidates, inTurn } from '../src/candidates.ts';
import { manualClock } from './helpers.ts';

const config = { quietMs: 30_000, stableMs: 2000 };

function setUp(structure: Structure = 'unknown') {
  const clock = manualClock();
  const asked: string[] = [];
  const candidates = createCandidates(config, clock, async ({ candidate }) => {
    asked.push(candidate.path);
    return structure;
  });
  const file = (change: Partial<Candidate> = {}): Candidate => ({
    path: 'a.mp4',
    file: '/r/a.mp4',
    kind: 'video',
    sizeBytes: 1,
    mtimeMs: 5,
    ctimeMs: 5,
    ino: 1,
    metadataMtimeMs: null,
    markerMtimeMs: null,
    ...change,
  });
  return { clock, asked, candidates, file };
}

test('the structure is asked for once in each state, and only when the file is stable', async () => {
  const { clock, asked, candidates, file } = setUp('incomplete');
  const tracked = candidates.see(file(), false);
  assert.equal((await candidates.verdict(tracked)).ready, false);
  assert.deepEqual(asked, []);
  await clock.pass(2000);
  for (let i = 0; i < 3; i++) {
    candidates.see(file(), false);
    assert.deepEqual(await candidates.verdict(tracked), {
      ready: false,
      untilSteadyMs: 1_030_000,
      because: 'incomplete',
    });
  }
  assert.equal(asked.length, 1);
  candidates.see(file({ sizeBytes: 2 }), false);
  await clock.pass(2000);
  await candidates.verdict(tracked);
  assert.equal(asked.length, 2);
});

test('a state that is settled stays so until something changes: size, times, file or rights', () => {
  const { candidates, file } = setUp();
  const tracked = candidates.see(file(), false);
  for (const change of [{ sizeBytes: 2 }, { mtimeMs: 6 }, { ino: 2 }, { ctimeMs: 6 }]) {
    candidates.see(file(), false);
    tracked.settled = true;
    candidates.see(file(), false);
    assert.equal(tracked.settled, true);
    candidates.see(file(change), false);
    assert.equal(tracked.settled, false, JSON.stringify(change));
  }
});

test('a file that changes while its structure is read is not ready by what it was', async () => {
  const { clock, candidates, file } = setUp();
  const gate = Promise.withResolvers<Structure>();
  const slow = createCandidates(config, clock, () => gate.promise);
  const tracked = slow.see(file(), false);
  await clock.pass(2000);
  const verdict = slow.verdict(tracked);
  slow.see(file({ sizeBytes: 2 }), false);
  gate.resolve('complete');
  assert.equal((await verdict).ready, false);
  assert.equal(tracked.structure, null);
  candidates.forget('a.mp4');
});

test('an attempt that failed is not repeated before its time', async () => {
  const { clock, candidates, file } = setUp('complete');
  const tracked = candidates.see(file(), false);
  await clock.pass(2000);
  tracked.notBeforeSteadyMs = clock.steadyMs() + 500;
  assert.deepEqual(await candidates.verdict(tracked), { ready: false, untilSteadyMs: clock.steadyMs() + 500 });
  await clock.pass(500);
  assert.equal((await candidates.verdict(tracked)).ready, true);
});

test('what a scan did not see is forgotten; seen again it is a new one', async () => {
  const { clock, candidates, file } = setUp();
  const first = candidates.see(file(), false);
  candidates.keepOnly(new Set(['b.mp4']));
  await clock.pass(10);
  const second = candidates.see(file(), false);
  assert.notEqual(first, second);
  assert.ok(second.seenSinceWallMs > first.seenSinceWallMs);
});

test('what has changed came at that moment', async () => {
  const { clock, candidates, file } = setUp();
  const tracked = candidates.see(file(), false);
  const first = tracked.sameSinceWallMs;
  await clock.pass(10);
  candidates.see(file(), false);
  assert.equal(tracked.sameSinceWallMs, first);
  candidates.see(file({ ctimeMs: 9 }), false);
  assert.ok(tracked.sameSinceWallMs > first);
});

test('an unreadable file keeps its id while its size stays', () => {
  const { candidates, file } = setUp();
  const tracked = candidates.see(file(), false);
  tracked.deniedId = 'x';
  candidates.see(file({ ctimeMs: 9 }), false);
  assert.equal(tracked.deniedId, 'x');
  candidates.see(file({ sizeBytes: 9 }), false);
  assert.equal(tracked.deniedId, null);
});

test('the older of two that are about to be ready goes first, but not for ever', () => {
  const { candidates, file } = setUp();
  const old = candidates.see(file({ path: 'old.mp4', mtimeMs: 1 }), false);
  const young = candidates.see(file({ path: 'young.mp4', mtimeMs: 2 }), false);
  young.readySinceSteadyMs = 10_000;
  assert.deepEqual(inTurn([young], [{ tracked: old, untilSteadyMs: 11_000 }], 2000), []);
  assert.deepEqual(inTurn([young], [{ tracked: old, untilSteadyMs: 12_001 }], 2000), [young]);
  assert.deepEqual(inTurn([old], [{ tracked: young, untilSteadyMs: 10_001 }], 2000), [old]);
  assert.deepEqual(inTurn([young, old], [], 2000), [old, young]);
});
