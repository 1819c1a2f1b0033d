import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyEvent, PARTITIONS, type RecordingsView, TOPICS } from '@dailies/contracts';
import { createPlaces, freePlace } from '../src/places.ts';

/*
 * Two recordings that share a partition of `recordings` go one after the other on Kafka: the second one waits until the
 * first is split, and a two-minute recording stood behind a three-hour one, by chance of its id.
 */

const COUNT = PARTITIONS[TOPICS.recordings];
const ID = (n: number): string => n.toString(16).padStart(8, '0').padEnd(16, '0');
const at = '2026-08-01T10:00:00.000Z';

function found(view: RecordingsView, recordingId: string, run: number, partition?: number): void {
  const file = { path: `${recordingId}.mp4`, kind: 'video', sizeBytes: 1, fingerprint: 'f' } as const;
  const where = partition === undefined ? {} : { partition };
  applyEvent(view, { v: 1, type: 'found', recordingId, run, at, ...file, ...where });
}

const reader = (view: RecordingsView) => ({ all: () => [...view.values()], get: (id: string) => view.get(id) });

test('ids that would share a partition by themselves go to different ones', () => {
  assert.equal(freePlace(ID(3), []), 3);
  assert.equal(freePlace(ID(3 + COUNT), [3]), 4);
  assert.equal(freePlace(ID(11), [11]), 0, 'round the end');
});

test('when all are taken, those with the fewest are next', () => {
  const all = Array.from({ length: COUNT }, (_, i) => i);
  assert.equal(freePlace(ID(5), all), 5);
  assert.equal(freePlace(ID(5), [...all, 5]), 6);
});

test('a burst of recordings is spread out before the view has seen any of it', () => {
  const placeOf = createPlaces(reader(new Map()));
  const places = Array.from({ length: COUNT }, (_, i) => placeOf(ID(7 + i * COUNT), 0));
  assert.equal(new Set(places).size, COUNT, String(places));
});

test('a recording that is split, or has ended, leaves its place; one that is not keeps it', () => {
  const view: RecordingsView = new Map();
  const placeOf = createPlaces(reader(view));
  for (const n of [0, 1, 2]) found(view, ID(n), 0, 3);
  found(view, ID(9), 0);
  assert.equal(placeOf(ID(3), 0), 4);
  const base = { v: 1, run: 0, at } as const;
  applyEvent(view, { ...base, type: 'failed', recordingId: ID(0), code: 'X', reason: 'x' });
  applyEvent(view, { ...base, type: 'split-complete', recordingId: ID(1), cut: 'copy', batches: 1, frames: 1 });
  assert.equal(placeOf(ID(3 + COUNT), 0), 5, 'place 4 was given, 3 is still taken by one');
  applyEvent(view, { ...base, type: 'failed', recordingId: ID(2), code: 'X', reason: 'x' });
  assert.equal(placeOf(ID(3 + 2 * COUNT), 0), 3);
});

test('the same recording, announced again, gets the place that it would have had', () => {
  const placeOf = createPlaces(reader(new Map()));
  assert.equal(placeOf(ID(6), 0), 6);
  assert.equal(placeOf(ID(6), 0), 6);
});
