import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyEvent, type DailiesEvent, type RecordingsView } from '@dailies/contracts';
import { isEnd, isOvertaken, readyMessage } from '../../src/notify/message.ts';
import { failed, finished, found, idOf, splitting } from './helpers.ts';

function statusOf(...events: DailiesEvent[]) {
  const view: RecordingsView = new Map();
  for (const event of events) applyEvent(view, event);
  return view.get(idOf(1));
}

test('a film: all that is known of it', () => {
  assert.deepEqual(readyMessage(finished(1), statusOf(found(1), splitting(1), finished(1))), {
    v: 1,
    id: `${idOf(1)}:0:finished`,
    event: 'finished',
    at: '2026-08-01T10:00:00.000Z',
    recordingId: idOf(1),
    run: 0,
    room: 'standup',
    sessionId: 's1',
    meetingId: 'k-1',
    recording: 's1/room.mp4',
    film: 's1/room.mp4',
    archived: 's1/room.mp4',
    durationMs: 2000,
    frames: 60,
    look: 'both',
    code: null,
    reason: null,
    todo: null,
  });
});

test('a failure: why, and what to do, with the id filled in', () => {
  const message = readyMessage(failed(1), statusOf(found(1), failed(1)));
  assert.partialDeepStrictEqual(message, {
    id: `${idOf(1)}:0:failed`,
    event: 'failed',
    film: null,
    code: 'RECORDING_UNREADABLE',
    reason: 'Bad.',
  });
  assert.match(message.todo ?? '', new RegExp(`dailies replay ${idOf(1)}`));
});

test('the end of a run that a replay has left behind has the look of no other run', () => {
  const status = statusOf(found(1), splitting(1), finished(1), found(1, 1));
  assert.partialDeepStrictEqual(readyMessage(finished(1), status), { run: 0, look: null, frames: 60, room: 'standup' });
});

test('nothing is known but the event', () => {
  const message = readyMessage(failed(1), undefined);
  assert.partialDeepStrictEqual(message, { recording: null, room: null, code: 'RECORDING_UNREADABLE' });
});

test('ends are told from other events; one that came after another end of its run is overtaken', () => {
  assert.deepEqual([found(1), splitting(1), finished(1), failed(1)].map(isEnd), [false, false, true, true]);
  const done = statusOf(found(1), finished(1));
  assert.equal(isOvertaken(failed(1), done), true);
  assert.equal(isOvertaken(finished(1), done), false);
  assert.equal(isOvertaken(failed(1), statusOf(found(1))), false);
  assert.equal(isOvertaken(failed(1), statusOf(found(1), failed(1), found(1, 1), finished(1, 1))), false);
  assert.equal(isOvertaken(failed(1), undefined), false);
});
