import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyEvent, type DailiesEvent, type RecordingStatus, type RecordingsView } from '@dailies/contracts';
import { createLogger, type RecordingsReader } from '@dailies/service';
import { startReporter } from '../src/reporter.ts';
import { createScreen } from '../src/screen.ts';
import { eventsOf, fakeOutput, idOf } from './helpers.ts';

function setup(live: boolean) {
  const view: RecordingsView = new Map();
  let listener: ((event: DailiesEvent, status: RecordingStatus) => void) | null = null;
  const reader: RecordingsReader = {
    get: (id) => view.get(id),
    all: () => [...view.values()],
    byPath: () => undefined,
    changed: () => new Promise(() => {}),
    onEvent(callback) {
      listener = callback;
      return () => {
        listener = null;
      };
    },
    close: async () => {},
  };
  const output = fakeOutput({ isTerminal: live, columns: 100 });
  const screen = createScreen(output);
  const lines: string[] = [];
  const log = createLogger({
    level: 'info',
    format: 'text',
    preferText: true,
    color: false,
    write: (line) => lines.push(line.slice(9)),
  });
  let nowMs = 0;
  const reporter = startReporter({
    view: reader,
    log,
    screen,
    output,
    live,
    now: () => nowMs,
    filmPath: (film) => `processed/${film}`,
  });
  return {
    output,
    lines,
    reporter,
    isFollowing: () => listener !== null,
    at(seconds: number, ...events: DailiesEvent[]) {
      nowMs = seconds * 1000;
      for (const event of events) listener?.(event, applyEvent(view, event));
      reporter.tick();
    },
  };
}

const { found, splitting, stored, finished, failed } = eventsOf(1);

test('where lines stay: progress every 10 s or 10 %, and the end', () => {
  const { at, lines } = setup(false);
  at(0, found(), splitting({ frames: 10_000 }));
  at(3, stored(0, { frames: 300 }));
  at(9, stored(1, { frames: 300 }));
  at(10, stored(2, { frames: 300 }));
  at(13, stored(3, { frames: 2000 }));
  at(14, stored(4, { frames: 2000 }));
  at(20, finished());
  assert.deepEqual(lines, [
    'info  r1.mp4: 9 %, 90 frames/s, 0.2x real time, ETA 1:41\n',
    'info  r1.mp4: 29 %, 223 frames/s, 0.4x real time, ETA 0:32\n',
    'info  r1.mp4 is done: processed/r1.mp4 (600 frames, 0:20, 5.0 MB)\n',
  ]);
});

test('where lines stay: of a picture only the end', () => {
  const { at, lines } = setup(false);
  at(0, found({ path: 'a.png', kind: 'image' }), splitting({ frames: 1, durationMs: 0 }));
  at(12, stored(0, { frames: 1 }));
  at(24, finished({ film: 'a.png', frames: 1, durationMs: 0, filmBytes: 142_000 }));
  assert.deepEqual(lines, ['info  a.png is done: processed/a.png (142 kB)\n']);
});

test('a failure comes with what to do', () => {
  const { at, lines } = setup(false);
  at(0, found(), failed({ code: 'RECORDING_UNREADABLE' }));
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', new RegExp(`^warn {2}what to do about r1\\.mp4: .*dailies replay ${idOf(1)}`));
});

test('on a terminal: live lines for what is not done, none when all is done', () => {
  const { at, output, lines } = setup(true);
  at(0, found(), splitting());
  at(1, stored(0));
  assert.match(output.text(), /r1\.mp4 +▕.*▏ +16 % {2}100 frames\/s/);
  const before = output.text().length;
  at(2, finished());
  assert.equal(output.text().slice(before), '\x1b[1A\r\x1b[J');
  assert.equal(lines.length, 1);
});

test('the film of a run that was replayed meanwhile is told, once', () => {
  const { at, lines } = setup(false);
  at(0, found(), found({ run: 1 }), finished({ run: 0 }));
  assert.equal(lines.length, 1);
  at(1, found({ run: 2 }), finished({ run: 0 }));
  assert.equal(lines.length, 1, 'the same end told again');
});

test('it knows which recordings were touched, and stops following', () => {
  const { at, reporter, isFollowing } = setup(false);
  at(0, found());
  assert.deepEqual([...reporter.touched], [idOf(1)]);
  reporter.stop();
  assert.equal(isFollowing(), false);
});
