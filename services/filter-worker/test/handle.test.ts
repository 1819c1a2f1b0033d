import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DailiesError, decodeGraded, type FrameBatch, sha256 } from '@dailies/contracts';
import { findLook } from '@dailies/grade';
import { failedMessage, gradedMessage, isCutAgain } from '../src/handle.ts';

const ID = '0123456789abcdef';
const of = { v: 1, recordingId: ID, run: 2, index: 3, look: findLook('none', []), sha256: 'f'.repeat(64) } as const;
const image: FrameBatch = { ...of, type: 'image-batch', cut: 'copy', format: 'png' };
const video = (cut: 'copy' | 'rekey'): FrameBatch => ({
  ...of,
  type: 'video-batch',
  cut,
  timeBase: { num: 1, den: 30 },
  ptsDeltas: [90, 1, 2],
  endPts: 94,
  basePts: 88,
  picture: {
    codec: 'h264',
    width: 320,
    height: 180,
    pixelFormat: 'yuv420p',
    rotation: 0,
    sampleAspect: { num: 1, den: 1 },
    frameRate: 30,
    color: { range: null, space: null, primaries: null, transfer: null },
    filmWidth: 320,
    filmHeight: 180,
  },
  encode: { preset: 'veryfast', crf: 23, lossless: false },
});
const by = { worker: 'host:1', gradeMs: 12.6 };

test('a graded batch says whose it is, its times, and what its bytes are', () => {
  const bytes = Buffer.from('graded');
  const { topic, key, value, headers } = gradedMessage(video('rekey'), bytes, by);
  assert.equal(key, ID);
  assert.deepEqual(Buffer.from(value), bytes);
  assert.partialDeepStrictEqual(decodeGraded({ topic, headers, value }), {
    type: 'graded-batch',
    kind: 'video',
    recordingId: ID,
    run: 2,
    cut: 'rekey',
    index: 3,
    ptsDeltas: [90, 1, 2],
    endPts: 94,
    worker: 'host:1',
    gradeMs: 13,
    sha256: sha256(bytes),
  });
});

test('an image has one frame', () => {
  const message = decodeGraded(gradedMessage(image, Buffer.from('x'), by));
  assert.partialDeepStrictEqual(message, { kind: 'image', ptsDeltas: [0], endPts: 1 });
});

test('a batch that was given up says why, and carries nothing', () => {
  const message = failedMessage(video('copy'), new DailiesError('FFMPEG_FAILED', 'ffmpeg said no.'), 'host:1');
  assert.equal(message.value.byteLength, 0);
  assert.partialDeepStrictEqual(decodeGraded(message), {
    type: 'batch-failed',
    index: 3,
    code: 'FFMPEG_FAILED',
    reason: 'ffmpeg said no.',
  });
});

test('only packets that promised other frames are cut again, and only once', () => {
  const mismatch = new DailiesError('FRAMES_MISMATCH', '2 of 3 frames.');
  assert.equal(isCutAgain(video('copy'), mismatch), true);
  assert.equal(isCutAgain(video('rekey'), mismatch), false);
  assert.equal(isCutAgain(image, mismatch), false);
  assert.equal(isCutAgain(video('copy'), new DailiesError('FFMPEG_FAILED', 'no')), false);
});
