import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyEvent, type DailiesEvent, type RecordingStatus } from '@dailies/contracts';
import { findRecording } from '../src/find-recording.ts';
import { eventsOf } from './helpers.ts';

function recordings(...given: [string, string][]): RecordingStatus[] {
  return given.map(([recordingId, path]) =>
    applyEvent(new Map(), { ...eventsOf(1).found({ path }), recordingId } as DailiesEvent),
  );
}

test('by id, by the beginning of an id, and by path', () => {
  const all = recordings(['aaaa000000000000', 'a.mp4'], ['abbb000000000000', 'team/b.mp4']);
  assert.equal(findRecording(all, 'aaaa000000000000').path, 'a.mp4');
  assert.equal(findRecording(all, 'ab').path, 'team/b.mp4');
  assert.equal(findRecording(all, './team/b.mp4').path, 'team/b.mp4');
});

test('a beginning that fits several is refused, with the list', () => {
  const all = recordings(['aaaa000000000000', 'a.mp4'], ['abbb000000000000', 'b.mp4']);
  assert.throws(
    () => findRecording(all, 'a'),
    /beginning of 2 recordings: aaaa000000000000 \(a\.mp4\), abbb000000000000/,
  );
});

test('of several recordings under one path the newest is meant', () => {
  const all = recordings(['aaaa000000000000', 'a.mp4'], ['abbb000000000000', 'a.mp4']);
  assert.equal(findRecording(all, 'a.mp4').recordingId, 'abbb000000000000');
});

test('a file that is named like the beginning of an id is found by its name', () => {
  const all = recordings(['ab00000000000000', 'x.mp4'], ['cc00000000000000', 'ab']);
  assert.equal(findRecording(all, 'ab').path, 'ab');
});

test('an unknown one is refused', () => {
  for (const wanted of ['zzz', 'ffff', '', '*'])
    assert.throws(
      () => findRecording(recordings(['aaaa000000000000', 'a.mp4']), wanted || 'nothing'),
      /No recording has/,
    );
});
