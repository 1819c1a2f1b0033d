import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lease } from '../../src/kafka/lease.ts';
import { attemptOf, decodeProgress, encodeProgress, FRESH, takenOver } from '../../src/kafka/progress.ts';
import type { RawMessage } from '../../src/kafka/records.ts';

const raw = (offset: number): RawMessage => ({
  offset: String(offset),
  timestamp: String(1000 + offset),
  key: null,
  value: Buffer.alloc(10),
});
const known = (): Lease => {
  const lease = new Lease(0);
  lease.progress = FRESH;
  return lease;
};

test('records are taken in their order, and once, though a rebalance brings them again', () => {
  const lease = known();
  assert.equal(lease.add(5n, [raw(5), raw(6)], 8n), 'fits');
  assert.equal(lease.add(5n, [raw(5), raw(6), raw(7)], 8n), 'fits');
  assert.deepEqual([lease.queued, lease.bytes], [3, 30]);
  assert.deepEqual(
    [lease.take(), lease.take(), lease.take()].map(({ offset }) => offset),
    ['5', '6', '7'],
  );
  assert.equal(lease.bytes, 0);
});

test('a fetch that begins behind ours is refused, for it would leave records out; a hole within one is none', () => {
  const lease = known();
  lease.add(0n, [raw(0), raw(3)], 4n);
  assert.equal(lease.add(9n, [raw(9)], 10n), 'gap');
  assert.equal(lease.add(4n, [raw(6)], 10n), 'fits');
  assert.equal(lease.next, 7n);
});

test('a partition that ends before the place where we are has other records at our offsets', () => {
  const lease = known();
  lease.add(5n, [raw(5), raw(6)], 7n);
  assert.equal(lease.add(0n, [raw(0)], 1n), 'cut');
  assert.deepEqual([lease.next, lease.queued], [7n, 2]);
});

test('nothing is ready before it is known what its former owner left, while a record is in hand or its retry is waited for', () => {
  const lease = new Lease(0);
  lease.add(0n, [raw(0)], 1n);
  assert.equal(lease.readySince, null);
  lease.progress = FRESH;
  assert.equal(lease.readySince, 1000);
  lease.retry = setTimeout(() => {}, 0);
  assert.equal(lease.readySince, null);
  clearTimeout(lease.retry);
  lease.retry = null;
  lease.work = { message: raw(0), abort: new AbortController(), done: Promise.resolve() };
  assert.equal(lease.readySince, null);
});

test('a lost partition aborts its handler and has nothing to take', () => {
  const lease = known();
  const abort = new AbortController();
  lease.add(0n, [raw(0)], 1n);
  lease.work = { message: raw(0), abort, done: Promise.resolve() };
  lease.lose();
  assert.deepEqual([abort.signal.aborted, lease.lost, lease.queued, lease.readySince], [true, true, 0, null]);
});

test('progress travels as metadata; one that was begun by another counts as a death', () => {
  const progress = { retries: 2, waits: 1, deaths: 3, started: true };
  assert.deepEqual(decodeProgress(encodeProgress(progress)), progress);
  assert.deepEqual(takenOver(progress), { ...progress, deaths: 4, started: false });
  assert.deepEqual(takenOver(FRESH), FRESH);
  assert.equal(attemptOf(takenOver(progress)), 8);
  assert.equal(encodeProgress(FRESH), '');
});

test('metadata that is not ours says nothing', () => {
  for (const text of [null, '', 'by hand', '[]', 'null', '{"retries":-1,"waits":"x","deaths":1e99,"started":1}'])
    assert.deepEqual(decodeProgress(text), FRESH, String(text));
});
