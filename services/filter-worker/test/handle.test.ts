import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DailiesError,
  decodeGraded,
  type EncodedMessage,
  encodeFrameBatch,
  type FrameBatch,
  type GradedBatch,
  MAX_BATCH_BYTES,
  MAX_GRADED_BYTES,
  sha256,
} from '@dailies/contracts';
import { findLook } from '@dailies/grade';
import { failedMessage, gradedMessages, isCutAgain, whatIs } from '../src/handle.ts';

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
    mirror: false,
    sampleAspect: { num: 1, den: 1 },
    frameRate: 30,
    color: { range: null, space: null, primaries: null, transfer: null },
    filmWidth: 320,
    filmHeight: 180,
  },
  encode: { preset: 'veryfast', crf: 23, lossless: false },
});
const gradedMessage = (...of: Parameters<typeof gradedMessages>): EncodedMessage => {
  const [message, ...more] = gradedMessages(...of);
  assert.ok(message && more.length === 0, 'one message');
  return message;
};
const by = { worker: 'host:1', gradeMs: 12.6 };

test('an image is no batch to people, and what cannot be read is one', () => {
  const record = (manifest: FrameBatch) => encodeFrameBatch(manifest, new Uint8Array());
  assert.equal(whatIs(record(image)), 'an image');
  assert.equal(whatIs(record(video('copy'))), 'a batch');
  assert.equal(whatIs({ ...record(image), headers: {} }), 'a batch');
});

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
    part: 0,
    parts: 1,
  });
});

for (const [bytes, sizes] of [
  [0, [0]],
  [MAX_BATCH_BYTES, [MAX_BATCH_BYTES]],
  [MAX_BATCH_BYTES + 1, [MAX_BATCH_BYTES, 1]],
  [3 * MAX_BATCH_BYTES, [MAX_BATCH_BYTES, MAX_BATCH_BYTES, MAX_BATCH_BYTES]],
] as const) {
  test(`a graded batch of ${bytes} bytes travels in ${sizes.length} messages`, () => {
    const batch = Buffer.alloc(bytes, 'noise');
    const messages = gradedMessages(video('copy'), batch, by);
    assert.deepEqual(
      messages.map(({ value }) => value.byteLength),
      sizes,
    );
    assert.ok(Buffer.concat(messages.map(({ value }) => value)).equals(batch));
    for (const [part, message] of messages.entries()) {
      assert.equal(message.key, ID, 'one consumer gets them, in order');
      const wanted = { index: 3, part, parts: sizes.length, sha256: sha256(batch), ptsDeltas: [90, 1, 2] };
      assert.partialDeepStrictEqual(decodeGraded(message), wanted);
    }
  });
}

test('a graded batch beyond what the assembler would hold is refused', () => {
  // Never touched, so it takes no memory.
  const batch = new Uint8Array(MAX_GRADED_BYTES + 1);
  assert.throws(() => gradedMessages(video('copy'), batch, by), { code: 'BATCH_TOO_LARGE', message: /Batch 3 has/ });
});

test('a graded batch of before there were parts is one part', () => {
  const { part, parts, ...before } = decodeGraded(gradedMessage(video('copy'), Buffer.from('x'), by)) as GradedBatch;
  assert.deepEqual([part, parts], [0, 1]);
  const headers = { manifest: JSON.stringify(before) };
  assert.partialDeepStrictEqual(decodeGraded({ topic: 'dailies.graded', headers, value: Buffer.from('x') }), {
    part: 0,
    parts: 1,
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
