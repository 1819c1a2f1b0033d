import assert from 'node:assert/strict';
import { test } from 'node:test';
import { count, duration, rate, size } from '../src/figures.ts';

test('durations', () => {
  assert.deepEqual([0, 499, 7000, 59_600, 754_000, 3_723_000, -5].map(duration), [
    '0:00',
    '0:00',
    '0:07',
    '1:00',
    '12:34',
    '1:02:03',
    '0:00',
  ]);
});

test('sizes in decimal units, three digits at most', () => {
  assert.deepEqual([0, 512, 999, 1000, 12_345_678, 99_960_000, 999_600_000, 5e14].map(size), [
    '0 bytes',
    '512 bytes',
    '999 bytes',
    '1.0 kB',
    '12.3 MB',
    '100 MB',
    '1.0 GB',
    '500 TB',
  ]);
});

test('rates and counts', () => {
  assert.deepEqual([0.04, 9.94, 9.96, 312.4].map(rate), ['0.0', '9.9', '10', '312']);
  assert.deepEqual([count(1, 'film'), count(0, 'film'), count(2, 'film')], ['1 film', '0 films', '2 films']);
});
