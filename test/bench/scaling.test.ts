import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scalingChart, scalingTable } from '../../bench/scaling/chart.ts';
import { batchesPerSecond, idleOf, median } from '../../bench/scaling/numbers.ts';
import type { CrowdReport } from '../../bench/scaling/reports.ts';

const took = (worker: number, at: number): CrowdReport => ({ type: 'took', worker, at, bytes: 1 });
const done = (worker: number, at: number): CrowdReport => ({ type: 'done', worker, at, key: 'k' });

test('batches count where they are finished, within the span', () => {
  const reports = [took(0, 900), done(0, 999), done(0, 1000), done(1, 2999), done(1, 3000)];
  assert.equal(batchesPerSecond(reports, { from: 1000, to: 3000 }), 1);
});

test('a worker is idle from one batch to the next, before its first and after its last, within the span alone', () => {
  const span = { from: 1000, to: 2000 };
  assert.deepEqual(idleOf([took(0, 900), done(0, 1100), took(0, 1150), done(0, 1900)], [0], span), {
    meanMs: 150,
    longestMs: 100,
  });
  assert.deepEqual(idleOf([took(0, 900), done(0, 2500)], [0], span), { meanMs: 0, longestMs: 0 });
  assert.deepEqual(idleOf([], [0], span), { meanMs: 1000, longestMs: 1000 }, 'one that never had any');
});

test('idle time is a mean over the workers that are asked for, and no others', () => {
  const reports = [took(0, 1000), took(1, 1400), took(2, 1999)];
  assert.deepEqual(idleOf(reports, [0, 1], { from: 1000, to: 2000 }), { meanMs: 200, longestMs: 400 });
});

test('the middle one, also of unsorted values', () => assert.equal(median([9, 1, 5]), 5));

test('the chart has a dot for each level, and the table its efficiency', () => {
  const levels = [
    { workers: 1, measured: 1, ideal: 1 },
    { workers: 48, measured: 45.6, ideal: 48 },
  ];
  const svg = scalingChart(levels, 'a title');
  assert.equal(svg.match(/<circle /g)?.length, 2);
  assert.match(svg, /^<svg [^>]*viewBox="0 0 720 420"/);
  assert.doesNotMatch(svg, /NaN|undefined/);
  assert.match(scalingTable(levels), /^\| 48 \| 45\.6 \| 48\.0 \| 0\.95 \|$/m);
});
