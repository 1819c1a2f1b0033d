import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DailiesEvent } from '@dailies/contracts';
import { widthOf } from '@dailies/service';
import type { Figures } from '../src/progress.ts';
import { bar, progressLines } from '../src/progress-lines.ts';
import { eventsOf, HOSTILE_NAME, RAW_CONTROL, statusOf } from './helpers.ts';

const NONE: Figures = { percent: 0, framesPerSecond: null, timesRealTime: null, etaMs: null };
const BUSY: Figures = { percent: 42, framesPerSecond: 312.4, timesRealTime: 10.4, etaMs: 12_300 };
const row = (figures: Figures, ...events: DailiesEvent[]) => ({ status: statusOf(...events), figures });

test('a recording in work: name, bar, percent, speed, times real time, ETA', () => {
  const { found, splitting, stored } = eventsOf(1);
  const lines = progressLines([row(BUSY, found({ path: 'team/room.mp4' }), splitting(), stored(0))], 100, 8);
  assert.deepEqual(lines, ['team/room.mp4 ▕██████▊         ▏  42 %  312 frames/s, 10x real time, ETA 0:12']);
});

test('what it does in each state', () => {
  const { found, splitting, stored, assembling, waiting } = eventsOf(1);
  const doing = (...events: DailiesEvent[]): string =>
    progressLines([row(NONE, ...events)], 100, 8)[0]?.split('%  ')[1] ?? '';
  assert.equal(doing(found()), 'waiting for its turn');
  assert.equal(doing(found(), splitting()), 'splitting');
  assert.equal(doing(found(), splitting(), stored(0), assembling()), 'putting the film together');
  assert.equal(doing(found(), splitting(), waiting({ reason: 'No space on /srv.' })), 'waiting: No space on /srv.');
});

// It said "0.6 frames/s, ETA 0:00".
test('a picture has no speed and no time to come', () => {
  const { found, splitting, stored, assembling } = eventsOf(1);
  const picture = [found({ path: 'a.png', kind: 'image' }), splitting({ frames: 1, durationMs: 0 })];
  const line = (...events: DailiesEvent[]): string | undefined =>
    progressLines([row(BUSY, ...picture, ...events)], 100, 8)[0]?.split('%  ')[1];
  assert.equal(line(), 'grading the picture');
  assert.equal(line(stored(0, { frames: 1 })), 'grading the picture');
  assert.equal(line(stored(0, { frames: 1 }), assembling()), 'writing the picture');
});

test('those in work come first; beyond the room they are counted', () => {
  const rows = Array.from({ length: 20 }, (_, i) => {
    const { found, splitting } = eventsOf(i);
    return i === 19 ? row(BUSY, found(), splitting()) : row(NONE, found());
  });
  const lines = progressLines(rows, 100, 8);
  assert.equal(lines.length, 9);
  assert.match(lines[0] ?? '', /^r19\.mp4/);
  assert.equal(lines[8], 'and 12 more, 12 of them waiting for their turn');
});

test('no line is wider than the terminal, however narrow it is and whatever the names are', () => {
  const paths = ['会議'.repeat(40), '👩‍💻'.repeat(30), 'x'.repeat(250), HOSTILE_NAME];
  const rows = paths.map((path, i) => {
    const { found, splitting } = eventsOf(i);
    return row(BUSY, found({ path }), splitting());
  });
  for (const columns of [1, 5, 20, 40, 79, 80, 200]) {
    for (const line of progressLines(rows, columns, 3))
      assert.ok(widthOf(line) <= columns, `${widthOf(line)} > ${columns}`);
  }
});

test('a hostile name cannot repaint the screen', () => {
  const { found, splitting, waiting } = eventsOf(1);
  const lines = progressLines(
    [row(BUSY, found({ path: HOSTILE_NAME }), splitting(), waiting({ reason: HOSTILE_NAME }))],
    200,
    8,
  );
  for (const line of lines) assert.doesNotMatch(line, RAW_CONTROL);
  assert.equal(lines.join('').includes('\n'), false);
});

test('the bar fills by eighths and never leaves its frame', () => {
  assert.deepEqual(
    [-1, 0, 0.5, 1, 2].map((share) => bar(share, 2)),
    ['▕  ▏', '▕  ▏', '▕█ ▏', '▕██▏', '▕██▏'],
  );
  assert.equal(bar(1 / 16, 2), '▕▏ ▏');
});
