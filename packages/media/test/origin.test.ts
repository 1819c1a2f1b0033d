import assert from 'node:assert/strict';
import { test } from 'node:test';
import { originOf } from '../src/origin.ts';

const MS = { num: 1, den: 1000 };
const at = (
  container: string,
  startSeconds: number,
  durationMs: number,
  firstPts: number,
  endSeconds: number,
  base = MS,
) => originOf({ container, startSeconds, durationMs }, { firstPts, endSeconds }, base);

test('MP4 keeps its clock, whatever begins when', () => {
  assert.equal(at('mov,mp4,m4a,3gp,3g2,mj2', 10, 6000, 10_000, 16), 0);
  assert.equal(at('mov,mp4,m4a,3gp,3g2,mj2', -0.021, 6000, 0, 6), 0);
});

test('MPEG-TS begins at 0, also when its clock has wrapped', () => {
  assert.equal(at('mpegts', 1.4, 6000, 126_000, 7.4, { num: 1, den: 90_000 }), 126_000);
  assert.equal(at('mpegts', -2.740911, 6037, -244_592, 3.3, { num: 1, den: 90_000 }), -246_682);
});

test('Matroska keeps its clock when its length counts from 0, and only then', () => {
  assert.equal(at('matroska,webm', 10, 16_000, 10_000, 16), 0);
  assert.equal(at('matroska,webm', 10, 6000, 10_000, 16), 10_000);
  // a live recording says no length
  assert.equal(at('matroska,webm', 10, 0, 10_000, 16), 10_000);
});

test('sound from before 0 stays there while MP4 can say so; else the whole film begins earlier', () => {
  assert.equal(at('matroska,webm', -0.8, 6200, 0, 6.18), 0);
  assert.equal(at('matroska,webm', -1.7, 3000, 0, 3), -1700);
});

test('no frame is shown before the film begins', () => {
  assert.equal(at('matroska,webm', -0.5, 5500, -500, 5.5), -500);
  assert.equal(at('matroska,webm', -0.2, 5500, -500, 5.5), -500);
});
