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

test('a quarantined recording has its meeting, too', () => {
  const event = { ...base, ...file, run: 0, type: 'quarantined', code: 'X', reason: 'x', ...meeting } as const;
  assert.partialDeepStrictEqual(applyEvent(new Map(), event), meeting);
});

test('an event of an older version has no meeting; one with a room too long is refused', () => {
  const found = { ...base, ...file, run: 0, type: 'found' };
  assert.equal(DailiesEvent.safeParse(found).success, true);
  assert.equal(DailiesEvent.safeParse({ ...found, room: 'x'.repeat(401) }).success, false);
});
