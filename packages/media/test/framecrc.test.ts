import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePacket } from '../src/framecrc.ts';

test('a line is read with its flags; none means that it is a keyframe', () => {
  assert.deepEqual(parsePacket('0,      -1024,          0,      512,     4428, 0xfee233d8'), {
    stream: 0,
    dts: -1024,
    pts: 0,
    duration: 512,
    size: 4428,
    checksum: '0xfee233d8',
    key: true,
    discard: false,
  });
  assert.equal(parsePacket('0, 1, 2, 3, 4, 0x0, F=0x0').key, false);
  const trimmed = parsePacket('1, 1, 2, 3, 4, 0x0, F=0x5, S=1,        8, 0x00000000');
  assert.deepEqual([trimmed.key, trimmed.discard], [true, true]);
  assert.equal(parsePacket('0, 1, -9223372036854775808, 0, 4, 0x0, F=0x0').pts, null);
  assert.equal(parsePacket('0, 1, NOPTS, 0, 4, 0x0').pts, null);
});

test('a line that is none is an error, not a packet', () => {
  assert.throws(() => parsePacket('hello'), /not understood/);
});
