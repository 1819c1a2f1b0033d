import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusEntry } from '../src/status-model.ts';
import { statusText } from '../src/status-text.ts';
import { eventsOf, HOSTILE_NAME, idOf, RAW_CONTROL, statusesOf, statusOf } from './helpers.ts';

const FOLDERS = { recordings: '/r', processed: '/r/processed', archived: '/elsewhere' };

test('an entry holds all keys; paths are relative to the recordings folder when inside it, else absolute', () => {
  const { found, splitting, finished } = eventsOf(1);
  const entry = statusEntry(
    statusOf(
      found({ path: 'a/b.webm', room: 'standup', meetingId: 'k-1' }),
      splitting(),
      finished({ film: 'a/b.mp4', archived: 'a/b.webm' }),
    ),
    FOLDERS,
  );
  assert.deepEqual(entry, {
    id: idOf(1),
    path: 'a/b.webm',
    kind: 'video',
    state: 'finished',
    progress: 1,
    code: null,
    reason: null,
    todo: null,
    film: 'processed/a/b.mp4',
    archived: '/elsewhere/a/b.webm',
    archiveRemovedAt: null,
    room: 'standup',
    sessionId: null,
    meetingId: 'k-1',
    look: 'both',
    run: 0,
    frames: 600,
    durationMs: 20_000,
    sizeBytes: 10,
    filmBytes: 5_000_000,
    foundAt: '2026-08-01T10:00:00.000Z',
    startedAt: '2026-08-01T10:00:00.000Z',
    endedAt: '2026-08-01T10:00:00.000Z',
    updatedAt: '2026-08-01T10:00:00.000Z',
  });
});

test('progress is the share of stored frames', () => {
  const { found, splitting, stored } = eventsOf(1);
  assert.equal(statusEntry(statusOf(found(), splitting(), stored(0), stored(1), stored(2)), FOLDERS).progress, 0.5);
});

test('a failure has its reason and what to do, with the id filled in', () => {
  const { quarantined } = eventsOf(7);
  const entry = statusEntry(statusOf(quarantined({ code: 'RECORDING_UNREADABLE', reason: 'Bad.' })), FOLDERS);
  assert.equal(entry.reason, 'Bad.');
  assert.match(entry.todo ?? '', /dailies replay 0000000000000007/);
});

test('a code of a newer version has no advice, and is no error', () => {
  const { found, failed } = eventsOf(1);
  assert.equal(statusEntry(statusOf(found(), failed({ code: 'toString' })), FOLDERS).todo, null);
});

test('the list: work first, then failures, then films, then a sum', () => {
  const [one, two, three] = [eventsOf(1), eventsOf(2), eventsOf(3)];
  const statuses = statusesOf(
    one.found(),
    one.splitting(),
    one.finished(),
    two.quarantined(),
    three.found(),
    three.splitting(),
    three.stored(0),
  );
  const text = statusText(
    statuses.map((status) => statusEntry(status, FOLDERS)),
    200,
  );
  assert.equal(
    text,
    `grading       16 %  r3.mp4
quarantined         r2.mp4
                    RECORDING_NO_MOOV: No moov.
                    what to do: Repair it with a tool such as untrunc and a good recording of the same Jibri; the repaired file is picked up by itself.
                    again: dailies replay ${idOf(2)}
finished     100 %  r1.mp4
                    film: processed/r1.mp4 (600 frames, 0:20, 5.0 MB)

3 recordings: 1 finished, 1 quarantined, 1 grading
`,
  );
});

test('on a narrow terminal the details begin further left, and fit', () => {
  const { found, failed } = eventsOf(2);
  const entry = statusEntry(statusOf(found(), failed()), FOLDERS);
  const [, ...details] = statusText([entry], 20).split('\n\n')[0]?.split('\n') ?? [];
  assert.ok(details.length > 3);
  for (const line of details) assert.ok(line.length <= 20 || !line.trim().includes(' '), line);
});

test('parts of one meeting say so; a meeting of one part does not', () => {
  const meeting = { room: 'standup\n', meetingId: 'k-1' };
  const statuses = statusesOf(
    eventsOf(1).found(meeting),
    eventsOf(2).found({ room: 'other', meetingId: 'o-1' }),
    eventsOf(3).found(meeting),
  );
  const text = statusText(
    statuses.map((status) => statusEntry(status, FOLDERS)),
    100,
  );
  assert.deepEqual(text.match(/part .*/g), [
    'part 1 of 2 of the meeting standup\\n',
    'part 2 of 2 of the meeting standup\\n',
  ]);
});

test('one that waits says for what', () => {
  const { found, splitting, waiting } = eventsOf(1);
  assert.match(
    statusText([statusEntry(statusOf(found(), splitting(), waiting()), FOLDERS)], 100),
    /waiting: DISK_FULL: No space\./,
  );
});

test('nothing yet', () => {
  assert.equal(statusText([], 80), 'No recording has been found yet.\n');
});

test('hostile names and reasons stay on their line; JSON holds them as they are', () => {
  const { found, splitting, failed } = eventsOf(1);
  const other = eventsOf(2);
  const statuses = statusesOf(
    found({ path: HOSTILE_NAME }),
    splitting(),
    failed({ reason: HOSTILE_NAME }),
    other.found({ path: HOSTILE_NAME }),
    other.finished({ film: HOSTILE_NAME }),
  );
  const entries = statuses.map((status) => statusEntry(status, FOLDERS));
  const text = statusText(entries, 300);
  assert.doesNotMatch(text, RAW_CONTROL);
  assert.doesNotMatch(text, /^09:00:00 info/m);
  assert.equal(JSON.parse(JSON.stringify(entries))[0].path, HOSTILE_NAME);
});
