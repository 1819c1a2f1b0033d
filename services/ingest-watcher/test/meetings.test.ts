import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordingStatus } from '@dailies/contracts';
import { createMeetings, type DecidedPart, meetingIdOf, type Part } from '../src/meetings.ts';

const MINUTE = 60_000;
const T0 = Date.parse('2026-08-01T10:00:00.000Z');
const GAP = 30 * MINUTE;
/** A part of room `k` from one minute to another. */
const part = (n: number, from: number, to: number, meetingKey = 'k'): Part => ({
  recordingId: String(n),
  meetingKey,
  fromMs: T0 + from * MINUTE,
  toMs: T0 + to * MINUTE,
});
const decided = ({ meetingKey: _, ...rest }: Part, meetingId: string): DecidedPart => ({ ...rest, meetingId });

test('a first part names the meeting by URL and begin', () => {
  assert.equal(meetingIdOf(part(1, 0, 60), [], GAP), 'k-20260801T100000');
});

test('a part that begins within the gap belongs to it; one minute later it does not', () => {
  const first = decided(part(1, 0, 60), 'k-20260801T100000');
  assert.equal(meetingIdOf(part(2, 90, 120), [first], GAP), first.meetingId);
  assert.equal(meetingIdOf(part(2, 91, 120), [first], GAP), 'k-20260801T113100');
  assert.equal(meetingIdOf(part(2, 61, 120, 'other'), [first], GAP), 'other-20260801T110100');
  assert.equal(meetingIdOf(part(2, 61, 120, 'k-2'), [first], GAP), 'k-2-20260801T110100');
});

test('parts that overlap, and one that is found before the part that came before it', () => {
  const second = decided(part(2, 70, 80), 'k-20260801T111000');
  assert.equal(meetingIdOf(part(3, 75, 76), [second], GAP), second.meetingId);
  assert.equal(meetingIdOf(part(1, 0, 60), [second], GAP), second.meetingId);
});

test('between two meetings the earlier one wins; nobody’s id changes', () => {
  const a = decided(part(1, 0, 10), 'k-20260801T100000');
  const b = decided(part(2, 60, 70), 'k-20260801T110000');
  assert.equal(meetingIdOf(part(3, 30, 40), [b, a], GAP), a.meetingId);
});

/** A view over these states. */
function viewOf(statuses: Partial<RecordingStatus>[]) {
  return {
    get: (id: string) => statuses.find(({ recordingId }) => recordingId === id) as RecordingStatus | undefined,
    all: () => statuses as RecordingStatus[],
  };
}

test('a chain of parts found at once, before the view shows any of them', () => {
  const idOf = createMeetings(viewOf([]), GAP);
  const ids = [part(1, 0, 60), part(2, 70, 100), part(3, 120, 130)].map(idOf);
  assert.deepEqual(new Set(ids), new Set(['k-20260801T100000']));
});

test('after a restart the events alone tell; a recording that is told again keeps its meeting', () => {
  const statuses: Partial<RecordingStatus>[] = [
    {
      recordingId: '1',
      meetingId: 'k-20260801T100000',
      recordedFrom: new Date(T0).toISOString(),
      recordedTo: new Date(T0 + 60 * MINUTE).toISOString(),
    },
    { recordingId: '9', meetingId: null, recordedFrom: null, recordedTo: null },
  ];
  const idOf = createMeetings(viewOf(statuses), GAP);
  assert.equal(idOf(part(2, 61, 90)), 'k-20260801T100000');
  assert.equal(idOf(part(1, 5000, 6000)), 'k-20260801T100000');
});
