import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyEvent, type Cut, type DailiesEvent, type RecordingStatus, type RecordingsView } from '@dailies/contracts';
import { isOver } from '../src/handle.ts';
import { mayGo } from '../src/window.ts';

const base = { v: 1, recordingId: 'a'.repeat(16), at: '2026-08-01T10:00:00.000Z' } as const;
const file = { path: 'a.mp4', kind: 'video', sizeBytes: 1, fingerprint: 'f' } as const;
const found = (run = 0): DailiesEvent => ({ ...base, ...file, run, type: 'found' });
const splitting = (cut: Cut = 'copy', run = 0): DailiesEvent => ({
  ...base,
  run,
  type: 'splitting',
  cut,
  frames: 100,
  durationMs: 1,
  look: 'both',
});
const sent = (index: number, cut: Cut = 'copy'): DailiesEvent => ({
  ...base,
  run: 0,
  type: 'batch-sent',
  cut,
  index,
  frames: 1,
  bytes: 1,
});
const stored = (index: number): DailiesEvent => ({
  ...base,
  run: 0,
  type: 'batch-stored',
  cut: 'copy',
  index,
  frames: 1,
  bytes: 1,
  worker: 'w',
  gradeMs: 1,
});
const failedBatch = (code: string): DailiesEvent => ({
  ...base,
  run: 0,
  type: 'batch-failed',
  cut: 'copy',
  index: 0,
  code,
  reason: 'x',
});
const complete = (cut: Cut): DailiesEvent => ({
  ...base,
  run: 0,
  type: 'split-complete',
  cut,
  batches: 3,
  frames: 100,
});
const failed: DailiesEvent = { ...base, run: 0, type: 'failed', code: 'X', reason: 'x' };

function after(...events: DailiesEvent[]): RecordingStatus | undefined {
  const view: RecordingsView = new Map();
  for (const event of events) applyEvent(view, event);
  return view.get(base.recordingId);
}

test('the window is what was sent and is not stored yet', () => {
  const status = after(found(), splitting(), sent(0), sent(1), stored(0));
  assert.equal(mayGo(status, 0, 'copy', 2), 'go');
  assert.equal(mayGo(status, 0, 'copy', 1), 'wait');
});

test('a view that does not show the run yet does not open the window: what was sent by ourselves counts', () => {
  // The limit is what is left of the window after that.
  for (const stale of [undefined, after(found()), after(found(), failed)]) {
    assert.equal(mayGo(stale, 1, 'copy', 1), 'go');
    assert.equal(mayGo(stale, 1, 'copy', 0), 'wait');
  }
  assert.equal(mayGo(after(found(), splitting()), 0, 'rekey', 0), 'wait');
});

test('a run that is over is abandoned, and so is a copy whose recording is cut by decoding', () => {
  assert.equal(mayGo(after(found(1)), 0, 'copy', 9), 'abandon');
  assert.equal(mayGo(after(found(), splitting(), failed), 0, 'copy', 9), 'abandon');
  const mismatch = [found(), splitting(), sent(0), sent(1), failedBatch('FRAMES_MISMATCH')];
  assert.equal(mayGo(after(...mismatch), 0, 'copy', 9), 'abandon');
  assert.equal(mayGo(after(...mismatch, stored(1)), 0, 'copy', 9), 'abandon', 'whatever is stored after that');
  assert.equal(mayGo(after(...mismatch, splitting('rekey')), 0, 'copy', 9), 'abandon', 'a frozen process wakes up');
  assert.equal(mayGo(after(...mismatch, splitting('rekey')), 0, 'rekey', 9), 'go');
  assert.equal(mayGo(after(found(), splitting(), failedBatch('FFMPEG_FAILED')), 0, 'copy', 9), 'go');
});

test('a recording that is cut by decoding is not taken back by a process that was frozen', () => {
  const status = after(found(), splitting('copy'), splitting('rekey'), sent(0, 'rekey'), splitting('copy'));
  assert.equal(status?.cut, 'rekey');
  assert.deepEqual([...(status?.sent.keys() ?? [])], [0]);
});

test('a message that comes again after its split was complete, abandoned or ended asks for nothing', () => {
  const message = (cut: Cut = 'copy', run = 0) =>
    ({ ...base, ...file, type: 'recording', run, cut, foundAt: base.at }) as const;
  assert.equal(isOver(undefined, message()), false);
  assert.equal(isOver(after(found(), splitting()), message()), false, 'it goes on where it was');
  assert.equal(isOver(after(found(), splitting(), complete('copy')), message()), true);
  assert.equal(
    isOver(after(found(), splitting('rekey'), complete('rekey')), message()),
    true,
    'it could not be copied',
  );
  assert.equal(isOver(after(found(), splitting(), complete('copy')), message('rekey')), false);
  assert.equal(isOver(after(found(), splitting(), failedBatch('FRAMES_MISMATCH')), message()), true);
  assert.equal(isOver(after(found(), splitting(), failedBatch('FRAMES_MISMATCH')), message('rekey')), false);
  assert.equal(isOver(after(found(), failed), message()), true);
  assert.equal(isOver(after(found(), failed), message('copy', 1)), false, 'a replay that the view does not show yet');
  assert.equal(isOver(after(found(1)), message()), true);
});
