import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyEvent, type DailiesEvent, type RecordingStatus } from '@dailies/contracts';
import { findRecording } from '../src/find-recording.ts';
import { eventsOf } from './helpers.ts';

const WHERE = { cwd: '/srv', recordings: '/srv/rec' };
const find = (all: readonly RecordingStatus[], wanted: string): RecordingStatus => findRecording(all, wanted, WHERE);

function recordings(...given: [string, string][]): RecordingStatus[] {
  return given.map(([recordingId, path]) =>
    applyEvent(new Map(), { ...eventsOf(1).found({ path }), recordingId } as DailiesEvent),
  );
}

test('by id, by the beginning of an id, and by path', () => {
  const all = recordings(['aaaa000000000000', 'a.mp4'], ['abbb000000000000', 'team/b.mp4']);
  assert.equal(find(all, 'aaaa000000000000').path, 'a.mp4');
  assert.equal(find(all, 'ab').path, 'team/b.mp4');
  assert.equal(find(all, './team/b.mp4').path, 'team/b.mp4');
});

// Whoever completes a name in the shell types the folder, too.
test('by the path of its file, absolute or from where one stands', () => {
  const all = recordings(['aaaa000000000000', 'a.mp4'], ['abbb000000000000', 'team/b.mp4']);
  assert.equal(find(all, '/srv/rec/team/b.mp4').path, 'team/b.mp4');
  assert.equal(find(all, 'rec/a.mp4').path, 'a.mp4');
  assert.equal(find(all, './rec/a.mp4').path, 'a.mp4');
  assert.throws(() => find(all, '/srv/a.mp4'), /No recording has/);
});

test('a beginning that fits several is refused, with the list', () => {
  const all = recordings(['aaaa000000000000', 'a.mp4'], ['abbb000000000000', 'b.mp4']);
  assert.throws(() => find(all, 'a'), /beginning of 2 recordings: aaaa000000000000 \(a\.mp4\), abbb000000000000/);
});

test('of several recordings under one path the newest is meant', () => {
  const all = recordings(['aaaa000000000000', 'a.mp4'], ['abbb000000000000', 'a.mp4']);
  assert.equal(find(all, 'a.mp4').recordingId, 'abbb000000000000');
});

test('a file that is named like the beginning of an id is found by its name', () => {
  const all = recordings(['ab00000000000000', 'x.mp4'], ['cc00000000000000', 'ab']);
  assert.equal(find(all, 'ab').path, 'ab');
});

test('an unknown one is refused', () => {
  for (const wanted of ['zzz', 'ffff', '', '*'])
    assert.throws(() => find(recordings(['aaaa000000000000', 'a.mp4']), wanted || 'nothing'), /No recording has/);
});
