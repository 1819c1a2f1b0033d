import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DailiesEvent, encodeEvent } from '@dailies/contracts';
import type { RecordingsReader } from '@dailies/service';
import { publishAndSee } from '../src/see.ts';

const event = {
  v: 1,
  type: 'splitting',
  recordingId: 'a'.repeat(16),
  run: 0,
  at: '2026-08-01T10:00:00.000Z',
  cut: 'copy',
  frames: 1,
  durationMs: 1,
  look: 'both',
} as const satisfies DailiesEvent;
const NEVER = new AbortController().signal;
const PATIENT_MS = 2 ** 31 - 1;

function setup(seeMs = PATIENT_MS) {
  const listeners = new Set<(event: DailiesEvent) => void>();
  const published: unknown[] = [];
  const view = {
    onEvent(callback: Parameters<RecordingsReader['onEvent']>[0]) {
      const listener = (arrived: DailiesEvent): void => callback(arrived, undefined as never);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return {
    listeners,
    published,
    arrive: (arrived: DailiesEvent) => {
      for (const listener of [...listeners]) listener(arrived);
    },
    ports: { view, seeMs, publish: async (messages: readonly unknown[]) => void published.push(...messages) },
  };
}

test('it waits for its own event, and for no other one', async () => {
  const { arrive, listeners, ports, published } = setup();
  let seen = false;
  const waiting = publishAndSee(encodeEvent(event), ports, NEVER).then(() => {
    seen = true;
  });
  await Promise.resolve();
  assert.equal(published.length, 1);
  for (const other of [
    { ...event, run: 1 },
    { ...event, recordingId: 'b'.repeat(16) },
    { ...event, at: '2026-08-01T10:00:00.001Z' },
    { ...event, type: 'assembling' } as const,
  ])
    arrive(other);
  await new Promise(setImmediate);
  assert.equal(seen, false);
  arrive(event);
  await waiting;
  assert.equal(listeners.size, 0);
});

test('a view that is faster than the answer of the bus is heard', async () => {
  const { arrive, ports } = setup();
  await publishAndSee(encodeEvent(event), { ...ports, publish: async () => arrive(event) }, NEVER);
});

test('a view that stays behind is not waited for for ever; a stop is not held up by it', async () => {
  const { ports, listeners } = setup(1);
  await publishAndSee(encodeEvent(event), ports, NEVER);
  const patient = setup();
  const stop = new AbortController();
  const waiting = publishAndSee(encodeEvent(event), patient.ports, stop.signal);
  stop.abort();
  await assert.rejects(waiting, { name: 'AbortError' });
  assert.equal(listeners.size + patient.listeners.size, 0);
});
