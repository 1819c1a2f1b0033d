import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entryOf, isShown, nalFraming } from '../src/bitstream.ts';

const ANNEX_B = { lengthSize: null };
const unit = (...bytes: number[]) => [0, 0, 1, ...bytes];

test('H.264: an IDR is an entry, an I-frame with a recovery point an open one, any other slice none', () => {
  const of = (...bytes: number[]) => entryOf('h264', Uint8Array.from(bytes), ANNEX_B);
  assert.equal(of(...unit(0x67, 1), ...unit(0x65, 0x88)), 'clean');
  assert.equal(of(...unit(0x06, 6, 1, 0x80), ...unit(0x41, 0x9a)), 'open');
  assert.equal(of(...unit(0x06, 6, 1, 0x40), ...unit(0x41, 0x9a)), 'none');
  assert.equal(of(...unit(0x06, 5, 2, 1, 2), ...unit(0x41, 0x9a)), 'none');
  assert.equal(of(...unit(0x41, 0x9a)), 'none');
});

test('lengths before NAL units are as many bytes as avcC says', () => {
  const avcc = Uint8Array.of(1, 77, 0, 31, 0xff, 0xe1, 0);
  assert.deepEqual(nalFraming('h264', avcc), { lengthSize: 4 });
  assert.deepEqual(nalFraming('h264', Uint8Array.of(0, 0, 0, 1, 0x67, 1, 2)), { lengthSize: null });
  assert.equal(entryOf('h264', Uint8Array.of(0, 0, 0, 2, 0x65, 0x88), { lengthSize: 4 }), 'clean');
});

test('HEVC: IDR and BLA are entries, CRA an open one, trailing pictures none', () => {
  const of = (type: number) => entryOf('hevc', Uint8Array.from(unit(type << 1, 1, 0)), ANNEX_B);
  assert.deepEqual([of(19), of(20), of(16), of(21), of(1)], ['clean', 'clean', 'clean', 'open', 'none']);
});

test('VP8, VP9 and MPEG-4 are read by their headers, other codecs by the container', () => {
  const of = (codec: string, ...bytes: number[]) => entryOf(codec, Uint8Array.from(bytes), ANNEX_B);
  assert.deepEqual([of('vp8', 0x10), of('vp8', 0x11)], ['clean', 'none']);
  assert.deepEqual([of('vp9', 0x82), of('vp9', 0x86)], ['clean', 'none']);
  assert.deepEqual([of('mpeg4', 0, 0, 1, 0xb6, 0x10), of('mpeg4', 0, 0, 1, 0xb6, 0x50)], ['open', 'none']);
  assert.equal(of('mjpeg', 0xff), 'unknown');
});

test('a VP8 frame that is not shown is no frame of the film', () => {
  assert.deepEqual([isShown('vp8', Uint8Array.of(0x10)), isShown('vp8', Uint8Array.of(0x00))], [true, false]);
  assert.equal(isShown('mpeg4', new Uint8Array(0)), false);
});
