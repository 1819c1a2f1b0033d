import assert from 'node:assert/strict';
import { test } from 'node:test';
import { box, fullBox } from '../../src/mp4/boxes.ts';
import { readFragments, writeFragment } from '../../src/mp4/fragments.ts';

function init(): Buffer {
  const mdhd = Buffer.alloc(20);
  mdhd.writeUInt32BE(90_000, 8);
  const stsd = fullBox('stsd', 0, 0, Buffer.from('setup'));
  return Buffer.concat([
    box('ftyp', Buffer.from('isom')),
    box('moov', box('trak', box('mdia', fullBox('mdhd', 0, 0, mdhd), box('minf', box('stbl', stsd))))),
  ]);
}

test('fragments come back as they were written: negative composition offsets, 64-bit times', () => {
  const samples = [
    { dts: 2 ** 33, pts: 2 ** 33 + 6000, duration: 3000, key: true, bytes: Buffer.from('first') },
    { dts: 2 ** 33 + 3000, pts: 2 ** 33 + 1000, duration: 3000, key: false, bytes: Buffer.from('second one') },
  ];
  const later = [{ dts: 2 ** 33 + 9000, pts: 2 ** 33 + 9000, duration: 1, key: true, bytes: Buffer.from('third') }];
  const read = readFragments(Buffer.concat([init(), writeFragment(1, samples), writeFragment(2, later)]));
  assert.equal(read.timescale, 90_000);
  assert.deepEqual(
    read.samples,
    [...samples, ...later].map(({ pts, key, bytes }) => ({ pts, key, bytes })),
  );
  assert.equal(read.setup.subarray(4).toString(), 'setup');
  assert.deepEqual(read.init, init());
});

test('a batch that is cut off is refused', () => {
  const fragment = writeFragment(1, [{ dts: 0, pts: 0, duration: 1, key: true, bytes: Buffer.alloc(100) }]);
  assert.throws(() => readFragments(Buffer.concat([fragment])), /no init segment/);
  const whole = Buffer.concat([init(), fragment]);
  assert.equal(readFragments(whole.subarray(0, whole.length - 50)).samples.length, 0);
});
