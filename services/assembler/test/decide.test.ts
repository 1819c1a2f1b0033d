import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyEvent, type DailiesEvent, type RecordingStatus, type RecordingsView } from '@dailies/contracts';
import { decide, isWhole } from '../src/decide.ts';
import { batchFailed, foundEvent, graded, ID, makeStage } from './helpers.ts';

const base = { v: 1, recordingId: ID, run: 0, at: '2026-08-01T10:00:00.000Z' } as const;
const file = { path: 'a.mp4', kind: 'video', sizeBytes: 1, fingerprint: 'f' } as const;
const found = (run = 0): DailiesEvent => foundEvent({ ...base, ...file, run });
const splitting = (cut: 'copy' | 'rekey'): DailiesEvent => ({
  ...base,
  type: 'splitting',
  cut,
  frames: 4,
  durationMs: 1,
  look: 'both',
});
const failed: DailiesEvent = { ...base, type: 'failed', code: 'FFMPEG_FAILED', reason: 'no' };

function statusOf(...events: DailiesEvent[]): RecordingStatus | undefined {
  const view: RecordingsView = new Map();
  for (const event of events) applyEvent(view, event);
  return view.get(ID);
}

test('batches of a run in work are stored, also before the view knows of it', () => {
  assert.equal(decide(graded(0), undefined), 'store');
  assert.equal(decide(graded(0), statusOf(found())), 'store');
  assert.equal(decide(graded(0, { run: 1 }), statusOf(found(), failed)), 'store', 'the view lags behind a replay');
});

test('what belongs to a run that is over is dropped', () => {
  assert.equal(decide(graded(0), statusOf(found(), failed)), 'drop');
  assert.equal(decide(graded(0), statusOf(found(), found(1))), 'drop');
  assert.equal(decide(batchFailed(), statusOf(found(), failed)), 'drop');
});

test('of a recording that is cut again only the new cut counts', () => {
  const again = statusOf(found(), splitting('copy'), splitting('rekey'));
  assert.equal(decide(graded(0), again), 'drop');
  assert.equal(decide(graded(0, { cut: 'rekey' }), again), 'store');
  assert.equal(decide(batchFailed({ code: 'FRAMES_MISMATCH' }), again), 'drop');
});

test('frames that packets did not promise are cut again once, all else is the end', () => {
  const status = statusOf(found(), splitting('copy'));
  assert.equal(decide(batchFailed({ code: 'FRAMES_MISMATCH' }), status), 'cut-again');
  assert.equal(decide(batchFailed({ code: 'FRAMES_MISMATCH', cut: 'rekey' }), status), 'fail');
  assert.equal(decide(batchFailed(), status), 'fail');
});

test('a run is whole when exactly its batches are there', async (t) => {
  const expected = (await makeStage(t)).complete({ batches: 3 });
  assert.equal(isWhole(expected, new Set([0, 1])), false);
  assert.equal(isWhole(expected, new Set([0, 1, 3])), false);
  assert.equal(isWhole(expected, new Set([2, 0, 1])), true);
});
