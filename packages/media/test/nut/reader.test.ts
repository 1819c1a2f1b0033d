import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type NutFrame, NutReader } from '../../src/nut/reader.ts';
import { frameHeader, nutHeader, nutPadding } from '../../src/nut/writer.ts';

const HEADER = {
  fourcc: Buffer.from('I420'),
  timeBase: { num: 1001, den: 30_000 },
  extradata: Uint8Array.of(1, 2, 3),
  decodeDelay: 2,
  width: 320,
  height: 180,
  sampleAspect: { num: 2, den: 1 },
};

const FRAMES = [
  { pts: 0, key: true, payload: Buffer.alloc(70_000, 7) },
  { pts: 3, key: false, payload: Buffer.alloc(0) },
  { pts: 2 ** 40, key: true, payload: Buffer.from('N, the first byte of a start code') },
];

function stream(): Buffer {
  return Buffer.concat([
    nutHeader(HEADER),
    ...FRAMES.flatMap((frame) => [frameHeader(frame.pts, frame.payload.length, frame.key), frame.payload]),
    nutPadding(5000),
  ]);
}

function reading() {
  const frames: { pts: number; key: boolean; payload: Buffer }[] = [];
  let header: unknown = null;
  let target = Buffer.alloc(0);
  const reader = new NutReader({
    header: (found) => {
      header = found;
    },
    frame: (frame: NutFrame) => {
      target = Buffer.alloc(frame.size + frame.prefix.length);
      return target;
    },
    frameEnd: (frame) => frames.push({ pts: frame.pts, key: frame.key, payload: target }),
  });
  return { reader, frames, header: () => header };
}

for (const step of [1, 7, 4096, 1 << 20]) {
  test(`what the writer writes, the reader reads, in chunks of ${step}`, () => {
    const { reader, frames, header } = reading();
    const bytes = stream();
    for (let at = 0; at < bytes.length; at += step) reader.write(bytes.subarray(at, at + step));
    reader.end();
    assert.deepEqual(header(), { ...HEADER, fourcc: Uint8Array.from(HEADER.fourcc) });
    assert.deepEqual(frames, FRAMES);
  });
}

test('payloads can be put in place without going through the parser', () => {
  const { reader, frames } = reading();
  const bytes = stream();
  for (let at = 0; at < bytes.length; ) {
    const direct = reader.direct();
    const part = bytes.subarray(at, at + Math.min(direct?.length ?? 100, 333));
    if (direct) {
      direct.set(part);
      reader.advance(part.length);
    } else reader.write(Buffer.from(part));
    at += part.length;
  }
  reader.end();
  assert.deepEqual(frames, FRAMES);
});

test('a stream that is cut off, and one that is none, are told', () => {
  const cut = reading();
  cut.reader.write(stream().subarray(0, 5000));
  assert.throws(() => cut.reader.end(), /ends in the middle/);
  assert.throws(() => reading().reader.write(Buffer.alloc(100, 65)), /does not begin as NUT/);
});

test('a negative time is refused, not wrapped', () => {
  assert.throws(() => frameHeader(-1, 10, true), RangeError);
});
