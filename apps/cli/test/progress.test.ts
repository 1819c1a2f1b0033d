import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DailiesEvent } from '@dailies/contracts';
import { figures, isLineDue, observe, type Track } from '../src/progress.ts';
import { eventsOf, statusOf } from './helpers.ts';

const { found, splitting, stored, assembling, finished } = eventsOf(1);

/** Looks at a recording: at each of these times (s) these events have come. */
function follow(...looks: [number, DailiesEvent[]][]) {
  let track: Track | undefined;
  const events: DailiesEvent[] = [];
  let status = statusOf(found());
  for (const [seconds, arrived] of looks) {
    events.push(...arrived);
    status = statusOf(...events);
    track = observe(track, status, seconds * 1000);
  }
  return { track, status };
}

test('before the first batch there is no speed and no ETA', () => {
  const { track, status } = follow([0, [found(), splitting()]]);
  assert.deepEqual(figures(track, status, 3000), {
    percent: 0,
    framesPerSecond: null,
    timesRealTime: null,
    etaMs: null,
  });
});

test('speed, times real time and ETA follow from stored frames over time', () => {
  // 600 frames in 20 s of film are 30 frames a second; 300 are done after 2 s.
  const { track, status } = follow([0, [found(), splitting()]], [1, [stored(0)]], [2, [stored(1), stored(2)]]);
  assert.deepEqual(figures(track, status, 2000), { percent: 50, framesPerSecond: 150, timesRealTime: 5, etaMs: 2000 });
});

test('speed is that of the last 20 s, not of the whole recording', () => {
  const slow: [number, DailiesEvent[]][] = [
    [0, [found(), splitting({ frames: 10_000 })]],
    [100, [stored(0)]],
  ];
  const fast: [number, DailiesEvent[]][] = [
    [101, [stored(1, { frames: 1000 })]],
    [122, [stored(2, { frames: 2100 })]],
  ];
  const { track, status } = follow(...slow, ...fast);
  assert.equal(figures(track, status, 122_000).framesPerSecond, 2100 / 21);
});

test('while nothing arrives the speed falls, and the ETA grows', () => {
  const { track, status } = follow([0, [found(), splitting()]], [2, [stored(0)]]);
  assert.equal(figures(track, status, 2000).framesPerSecond, 50);
  assert.equal(figures(track, status, 100_000).framesPerSecond, 100 / 80);
});

test('a recording that was half done at our start is measured from there', () => {
  const { track, status } = follow([50, [found(), splitting(), stored(0), stored(1), stored(2)]], [51, [stored(3)]]);
  assert.equal(figures(track, status, 51_000).framesPerSecond, 100);
});

test('cutting again and a replay begin at zero', () => {
  const { track } = follow(
    [0, [found(), splitting()]],
    [1, [stored(0), stored(1)]],
    [2, [splitting({ cut: 'rekey' }), stored(0, { cut: 'rekey' })]],
  );
  assert.deepEqual(track?.samples, [{ atMs: 2000, frames: 100 }]);
  const replayed = follow(
    [0, [found(), splitting()]],
    [1, [stored(0)]],
    [5, [found({ run: 1 }), splitting({ run: 1 }), stored(0, { run: 1 }), stored(1, { run: 1 })]],
  );
  assert.deepEqual(replayed.track, { run: 1, samples: [{ atMs: 5000, frames: 200 }] });
});

test('a hundred per cent only when it is finished; then there is nothing to wait for', () => {
  const all = [found(), splitting({ frames: 100 }), stored(0), assembling()];
  const { track, status } = follow([0, [found(), splitting({ frames: 100 })]], [1, all]);
  assert.equal(figures(track, status, 1000).percent, 99);
  assert.deepEqual(figures(track, statusOf(...all, finished()), 1000), {
    percent: 100,
    framesPerSecond: null,
    timesRealTime: null,
    etaMs: null,
  });
});

test('progress lines: every 10 s, or every 10 % but not within 2 s, and never twice the same', () => {
  const last = { percent: 20, atMs: 1000 };
  assert.equal(isLineDue(last, 21, 10_999), false);
  assert.equal(isLineDue(last, 21, 11_000), true);
  assert.equal(isLineDue(last, 20, 60_000), false);
  assert.equal(isLineDue(last, 30, 2500), false);
  assert.equal(isLineDue(last, 30, 3000), true);
});
