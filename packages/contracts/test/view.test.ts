import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyEvent, DailiesEvent, type RecordingsView } from '../src/index.ts';

const base = { v: 1, recordingId: 'a'.repeat(16), at: '2026-08-01T10:00:00.000Z' } as const;
const file = { path: 'a.mp4', kind: 'video', sizeBytes: 1, fingerprint: 'f' } as const;
const meeting = {
  room: 'standup',
  sessionId: 's',
  meetingId: 'k-1',
  recordedFrom: '2026-08-01T09:00:00.000Z',
  recordedTo: '2026-08-01T09:30:00.000Z',
};

test('a replay says nothing of the meeting, and what was known stays', () => {
  const view: RecordingsView = new Map();
  applyEvent(view, { ...base, ...file, run: 0, type: 'found', ...meeting });
  applyEvent(view, { ...base, run: 0, type: 'failed', code: 'X', reason: 'x' });
  const status = applyEvent(view, { ...base, ...file, run: 1, type: 'found' });
  assert.partialDeepStrictEqual(status, { ...meeting, run: 1, state: 'found' });
});

// `replay --force` in the very moment in which the film was put in its place: the recording was told to have failed, because
// its original was gone, although film and archive were there.
test('a run that finishes after the next one was begun has finished the recording', () => {
  const view: RecordingsView = new Map();
  const finished = { film: 'a.mp4', archived: 'a.mp4', frames: 4, durationMs: 100, filmBytes: 5 } as const;
  const end = { ...base, ...finished, type: 'finished', run: 0 } as const;
  applyEvent(view, { ...base, ...file, run: 0, type: 'found' });
  applyEvent(view, { ...base, ...file, run: 1, type: 'found' });
  applyEvent(view, { ...base, run: 1, type: 'failed', code: 'RECORDING_GONE', reason: 'gone' });
  assert.partialDeepStrictEqual(applyEvent(view, end), { state: 'finished', run: 1, code: null, film: 'a.mp4' });
  applyEvent(view, { ...base, run: 1, type: 'failed', code: 'RECORDING_GONE', reason: 'gone' });
  assert.equal(view.get(base.recordingId)?.state, 'finished');
  // The same one told again says nothing of a later replay.
  applyEvent(view, { ...base, ...file, run: 2, type: 'found' });
  assert.equal(applyEvent(view, end).state, 'found');
});

// A film of a replay had taken all the time since the first run.
test('a run is timed from its own beginning', () => {
  const view: RecordingsView = new Map();
  const splitting = { ...base, type: 'splitting', cut: 'copy', frames: 4, durationMs: 100, look: 'both' } as const;
  applyEvent(view, { ...base, ...file, run: 0, type: 'found' });
  applyEvent(view, { ...splitting, run: 0 });
  applyEvent(view, { ...base, run: 0, type: 'failed', code: 'X', reason: 'x' });
  assert.equal(applyEvent(view, { ...base, ...file, run: 1, type: 'found' }).splittingAt, null);
  const at = '2026-08-02T10:00:00.000Z';
  assert.equal(applyEvent(view, { ...splitting, run: 1, at }).splittingAt, at);
});

test('a quarantined recording has its meeting, too', () => {
  const event = { ...base, ...file, run: 0, type: 'quarantined', code: 'X', reason: 'x', ...meeting } as const;
  assert.partialDeepStrictEqual(applyEvent(new Map(), event), meeting);
});

test('an event of an older version has no meeting; one with a room too long is refused', () => {
  const found = { ...base, ...file, run: 0, type: 'found' };
  assert.equal(DailiesEvent.safeParse(found).success, true);
  assert.equal(DailiesEvent.safeParse({ ...found, room: 'x'.repeat(401) }).success, false);
});

// With a full disk `status` said "waiting" for a moment only: each further try told once more of what it had stored, and
// that it was assembling, and wiped out the reason.
test('what a recording waits for stays until something new happens', () => {
  const view: RecordingsView = new Map();
  const stored = {
    ...base,
    run: 0,
    type: 'batch-stored',
    cut: 'copy',
    index: 0,
    frames: 30,
    bytes: 1,
    worker: 'w',
    gradeMs: 1,
  } as const;
  const assembling = { ...base, run: 0, type: 'assembling' } as const;
  applyEvent(view, { ...base, ...file, run: 0, type: 'found' });
  for (const event of [stored, assembling]) applyEvent(view, event);
  applyEvent(view, { ...base, run: 0, type: 'waiting', code: 'DISK_FULL', reason: 'No space.' });
  for (const event of [stored, assembling]) applyEvent(view, event);
  const status = applyEvent(view, stored);
  assert.partialDeepStrictEqual(status, { state: 'assembling', code: 'DISK_FULL', storedFrames: 30 });
  assert.equal(applyEvent(view, { ...stored, index: 1 }).code, null);
});
