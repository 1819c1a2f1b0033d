import assert from 'node:assert/strict';
import { test } from 'node:test';
import { displayOf } from '../src/display.ts';

/** A picture track, as ffprobe (all builds since 2018) tells of its display matrix. */
const track = (rotation: number, ...[a, b, c, d]: readonly [number, number, number, number]) => {
  const line = (address: number, ...numbers: number[]) =>
    `${address.toString(16).padStart(8, '0')}: ${numbers.map((number) => String(number).padStart(11)).join(' ')}\n`;
  const [one, last] = [65_536, 1_073_741_824];
  const displaymatrix = `\n${line(0, a * one, b * one, 0)}${line(1, c * one, d * one, 0)}${line(2, 0, 0, last)}`;
  return { index: 0, side_data_list: [{ side_data_type: 'Display Matrix', displaymatrix, rotation }] };
};

test('turns are read from the matrix', () => {
  assert.deepEqual(displayOf(track(0, 1, 0, 0, 1)), { rotation: 0, mirror: false });
  assert.deepEqual(displayOf(track(-90, 0, 1, -1, 0)), { rotation: 90, mirror: false });
  assert.deepEqual(displayOf(track(-180, -1, 0, 0, -1)), { rotation: 180, mirror: false });
  assert.deepEqual(displayOf(track(90, 0, -1, 1, 0)), { rotation: 270, mirror: false });
});

// A recording that is shown mirrored has the angle of one that is upside down: so it became a film.
test('mirrors are read from the matrix, not from the angle', () => {
  assert.deepEqual(displayOf(track(-180, -1, 0, 0, 1)), { rotation: 0, mirror: true });
  assert.deepEqual(displayOf(track(-90, 0, 1, 1, 0)), { rotation: 90, mirror: true });
  assert.deepEqual(displayOf(track(0, 1, 0, 0, -1)), { rotation: 180, mirror: true });
  assert.deepEqual(displayOf(track(90, 0, -1, -1, 0)), { rotation: 270, mirror: true });
});

test('a matrix that scales, and one that turns by no quarter', () => {
  assert.deepEqual(displayOf(track(-90, 0, 2, -0.5, 0)), { rotation: 90, mirror: false });
  assert.deepEqual(displayOf(track(-80, 0.174, 0.985, -0.985, 0.174)), { rotation: 90, mirror: false });
  assert.deepEqual(displayOf(track(-10, 0.985, 0.174, -0.174, 0.985)), { rotation: 0, mirror: false });
});

test('without a matrix the angle counts, or the tag of old files', () => {
  assert.deepEqual(displayOf({ index: 0, side_data_list: [{ rotation: -90 }] }), { rotation: 90, mirror: false });
  assert.deepEqual(displayOf({ index: 0, side_data_list: [{ rotation: '180' }] }), { rotation: 180, mirror: false });
  assert.deepEqual(displayOf({ index: 0, tags: { rotate: '270' } }), { rotation: 270, mirror: false });
  assert.deepEqual(displayOf({ index: 0 }), { rotation: 0, mirror: false });
});

test('a matrix that shows nothing turns nothing', () => {
  assert.deepEqual(displayOf(track(Number.NaN, 0, 0, 0, 0)), { rotation: 0, mirror: false });
  assert.deepEqual(displayOf({ index: 0, side_data_list: [{ displaymatrix: 'odd', rotation: 'nan' }] }), {
    rotation: 0,
    mirror: false,
  });
});
