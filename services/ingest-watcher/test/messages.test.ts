import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  applyEvent,
  type DailiesEvent,
  decodeEvent,
  decodeRecording,
  type RecordingStatus,
  recordingIdOf,
  TOPICS,
} from '@dailies/contracts';
import {
  cameAfter,
  foundMessages,
  meetingFacts,
  ofFinding,
  quarantinedMessage,
  recognise,
  unreadable,
} from '../src/messages.ts';

const file = { path: 'a/b.mp4', kind: 'video', sizeBytes: 5, fingerprint: 'f' } as const;
const recordingId = recordingIdOf(file.path, file.sizeBytes, file.fingerprint);
const END = '2026-01-01T00:00:00.000Z';

function status(...events: readonly (Partial<DailiesEvent> & { type: DailiesEvent['type'] })[]): RecordingStatus {
  const view = new Map<string, RecordingStatus>();
  const base = { v: 1, recordingId, run: 0, at: END, ...file };
  for (const event of [{ type: 'found' }, ...events]) applyEvent(view, { ...base, ...event } as DailiesEvent);
  return view.get(recordingId) ?? assert.fail();
}

test('found is the work and the event of one recording', () => {
  const messages = foundMessages({ ...file, recordingId, run: 2 }, Date.parse(END)).map((message) => ({
    ...message,
    headers: {},
  }));
  assert.deepEqual(
    messages.map(({ topic, key }) => [topic, key]),
    [
      [TOPICS.recordings, recordingId],
      [TOPICS.events, recordingId],
    ],
  );
  const [work, event] = messages;
  assert.ok(work && event);
  assert.deepEqual(decodeRecording(work), {
    v: 1,
    type: 'recording',
    recordingId,
    run: 2,
    cut: 'copy',
    ...file,
    foundAt: END,
  });
  assert.deepEqual(decodeEvent(event), { v: 1, type: 'found', recordingId, run: 2, at: END, ...file });
});

test('the event tells room, session and meeting, as far as they are known; the work does not', () => {
  const namedAtMs = Date.parse('2026-08-01T10:00:00.000Z');
  const session = { room: 'standup', sessionId: 's', meetingKey: 'k', namedAtMs };
  const found = { ...file, recordingId, run: 0, meeting: meetingFacts(session, 0, 1500.4) };
  const told = {
    room: 'standup',
    sessionId: 's',
    meetingId: 'k-1',
    recordedFrom: '2026-08-01T10:00:00.000Z',
    recordedTo: '2026-08-01T10:00:01.500Z',
  };
  const [work, event] = foundMessages(found, 0, 'k-1').map((message) => ({ ...message, headers: {} }));
  assert.ok(work && event);
  assert.partialDeepStrictEqual(decodeEvent(event), told);
  assert.deepEqual(
    Object.keys(decodeRecording(work)).filter((key) => key in told),
    [],
  );
  const why = { code: 'RECORDING_NO_MOOV', reason: 'No moov.' };
  assert.partialDeepStrictEqual(decodeEvent({ ...quarantinedMessage(found, why, 0, 'k-1'), headers: {} }), told);
  const unknown = meetingFacts({ room: null, sessionId: null, meetingKey: null, namedAtMs: null }, 0, 0);
  const [, plain] = foundMessages({ ...found, meeting: unknown }, 0, null);
  assert.ok(plain);
  const keys = Object.keys(decodeEvent({ ...plain, headers: {} }));
  assert.deepEqual(
    keys.filter((key) => key in told),
    [],
  );
});

test('a file that nobody knows is new, under the id of its content', () => {
  assert.deepEqual(recognise(file, undefined, null, 0), { is: 'new', found: { ...file, recordingId, run: 0 } });
});

test('what is in hand or has ended is known', () => {
  const ended = [
    status(),
    status({ type: 'assembling' }),
    status({ type: 'failed', code: 'FFMPEG_FAILED', reason: '' }),
    status({ type: 'finished', film: '', archived: '', frames: 1, durationMs: 1, filmBytes: 1 }),
    status({ type: 'quarantined', code: 'RECORDING_NO_MOOV', reason: '' }),
  ];
  for (const known of ended) assert.equal(recognise(file, known, null, Date.parse(END) + 1).is, 'known', known.state);
});

// On Kafka the work goes out before the event. Whoever died in between left a recording without a path: it could not be cut
// again or replayed, and nobody told its name.
test('a recording whose work was sent and whose name was never told is told again, in the same run', () => {
  const nameless = { ...status({ type: 'assembling' }), path: '' };
  assert.deepEqual(recognise(file, nameless, null, 0), { is: 'new', found: { ...file, recordingId, run: 0 } });
});

test('what was unreadable keeps its id when it can be read, also while the view lags behind', () => {
  const { recordingId: id } = unreadable(file.path, 'video', file.sizeBytes);
  const known = { ...status({ type: 'quarantined', code: 'PERMISSION_DENIED', reason: '' }), recordingId: id };
  const expected = { is: 'new', found: { ...file, recordingId: id, run: 0 } };
  assert.deepEqual(recognise(file, known, null, 0), expected);
  assert.deepEqual(recognise(file, undefined, id, 0), expected);
});

test('what was taken away while it was in hand runs again when it is put back, and only then', () => {
  for (const code of ['RECORDING_GONE', 'RECORDING_CHANGED']) {
    const gone = status({ type: 'failed', code, reason: '' });
    assert.deepEqual(recognise(file, gone, null, Date.parse(END) + 1), {
      is: 'new',
      found: { ...file, recordingId, run: 1 },
    });
    assert.equal(recognise(file, gone, null, Date.parse(END) - 1).is, 'known');
  }
  assert.equal(cameAfter(status(), Date.parse(END) + 1), false);
});

test('ids of links follow their target, ids of unreadable files their size', () => {
  const link = { path: 'x.mp4', kind: 'video', code: 'RECORDING_SYMLINK', reason: '' } as const;
  assert.equal(ofFinding({ ...link, mark: 'a' }).recordingId, ofFinding({ ...link, mark: 'a' }).recordingId);
  assert.notEqual(ofFinding({ ...link, mark: 'a' }).recordingId, ofFinding({ ...link, mark: 'b' }).recordingId);
  assert.notEqual(unreadable('x.mp4', 'video', 1).recordingId, unreadable('x.mp4', 'video', 2).recordingId);
});
