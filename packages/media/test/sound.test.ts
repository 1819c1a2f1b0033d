import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pauseOf, SoundTrack, soundDifference } from '../src/sound.ts';

/** Adler-32 as `framecrc` prints it: begun with 0. */
function adler(bytes: readonly number[]): string {
  let [sum, sums] = [0, 0];
  for (const byte of bytes) {
    sum = (sum + byte) % 65_521;
    sums = (sums + sum) % 65_521;
  }
  return `0x${(sums * 65_536 + sum).toString(16).padStart(8, '0')}`;
}

function track(parts: readonly (readonly number[])[], beginsAt = 0, uncompressed = false): SoundTrack {
  const made = new SoundTrack();
  made.timeBase = { num: 1, den: 1000 };
  made.uncompressed = uncompressed;
  let pts = beginsAt;
  for (const part of parts) {
    made.add({ pts, dts: pts, size: part.length, checksum: adler(part) });
    pts += part.length;
  }
  return made;
}

const allowed = { shiftSeconds: 0, toleranceSeconds: 0.001 };
const bytes = Array.from({ length: 3000 }, (_, i) => (i * 7 + (i >> 3)) % 256);
const cut = (...at: number[]) => [...at, bytes.length].map((end, i) => bytes.slice(at[i - 1] ?? 0, end));

test('compressed sound is the same packets at their own times', () => {
  assert.equal(soundDifference(track(cut(1000)), track(cut(1000)), allowed), null);
  assert.match(soundDifference(track(cut(1000)), track(cut(900)), allowed) ?? '', /packet 0 is not/);
  assert.match(soundDifference(track(cut(1000)), track(cut(500, 1000)), allowed) ?? '', /3 packets instead of 2/);
  assert.equal(soundDifference(track(cut(1000)), track(cut(1000), 1), allowed), null);
  assert.match(soundDifference(track(cut(1000)), track(cut(1000), 2), allowed) ?? '', /packet 0 is 0\.002/);
});

test('uncompressed sound may be cut otherwise, but not be other sound, shorter or elsewhere', () => {
  const theirs = track(cut(256, 1280, 2304), 0, true);
  assert.equal(soundDifference(theirs, track(cut(1024, 2048)), allowed), null);
  assert.match(soundDifference(theirs, track(cut(1024, 2048).slice(0, 2)), allowed) ?? '', /2048 bytes/);
  assert.match(soundDifference(theirs, track(cut(1024, 2048).toReversed()), allowed) ?? '', /not the recording's/);
  assert.match(soundDifference(theirs, track(cut(1024, 2048), 50), allowed) ?? '', /begins 0\.05/);
});

test('packets that an edit list jumps over are cut out; those before the first and after the last are kept', () => {
  const heard = [0, 1, 1, 0, 0, 1, 0, 1, 0];
  const made = new SoundTrack();
  for (const [i, part] of heard.entries()) made.add({ pts: i, dts: i, size: i, checksum: '0x0', discard: part === 0 });
  assert.deepEqual(made.cuts, [
    { from: 3, to: 5 },
    { from: 6, to: 7 },
  ]);
  assert.deepEqual([...made.size.subarray(0, made.length)], [0, 1, 2, 5, 7, 8]);
});

test('uncompressed sound that pauses is found, however it is cut; stamps that waver are none', () => {
  const ours = track(cut(1024, 2048));
  const paused = new SoundTrack();
  const wavering = new SoundTrack();
  for (const made of [paused, wavering]) {
    made.timeBase = { num: 1, den: 1000 };
    made.uncompressed = true;
  }
  for (const [i, part] of cut(500, 1500, 2500).entries()) {
    const [pts, size] = [[0, 500, 1500, 2500][i] as number, part.length];
    const packet = { size, checksum: adler(part) };
    paused.add({ ...packet, pts: 40 + pts + (i > 1 ? 300 : 0), dts: 0 });
    wavering.add({ ...packet, pts: 40 + pts + (i % 2) * 9, dts: 0 });
  }
  assert.equal(pauseOf(paused, ours), 1.54);
  assert.equal(pauseOf(wavering, ours), null);
  assert.equal(pauseOf(track(cut(500)), track(cut(1024))), null, 'compressed');
});
