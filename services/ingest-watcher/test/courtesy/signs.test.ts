import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostState } from '@dailies/contracts';
import { isWorthSaying } from '../../src/courtesy/service.ts';
import { createSigns, parseFile, parseStatus } from '../../src/courtesy/signs.ts';

const MINUTE = 60_000;
const status = (busyStatus: unknown, jibriId: unknown = 'jibri-1') =>
  JSON.stringify({ jibriId, status: { busyStatus, health: { healthStatus: 'HEALTHY', details: {} } } });

test('what Jibri posts', () => {
  assert.deepEqual(parseStatus(status('BUSY')), { jibriId: 'jibri-1', busy: true });
  assert.deepEqual(parseStatus(status('IDLE')), { jibriId: 'jibri-1', busy: false });
  assert.deepEqual(parseStatus(status('EXPIRED')), { jibriId: 'jibri-1', busy: false });
  assert.equal(parseStatus(status('BUSY', 'x'.repeat(5000)))?.jibriId.length, 200);
});

test('anything else is none', () => {
  const others = ['', 'null', '[]', '{"status":{"busyStatus":"BUSY"}}', '{"jibriId":"a","status":null}'];
  for (const text of [...others, status('LAZY'), status(7), status(['BUSY', 1]), status('BUSY', 7)])
    assert.equal(parseStatus(text), null, text);
});

test('a file: there, empty, and with a word', () => {
  assert.equal(parseFile({ text: '', mtimeMs: 0 }), true);
  assert.equal(parseFile({ text: 'recording\n', mtimeMs: 0 }), true);
  assert.equal(parseFile({ text: 'IDLE\n', mtimeMs: 0 }), false);
  assert.equal(parseFile(null), false);
});

test('busy since the first sign until the last one expires', () => {
  const signs = createSigns(3 * MINUTE);
  assert.equal(signs.busy(0), null);
  signs.note({ jibriId: 'a', busy: true }, 0);
  signs.note({ jibriId: 'a', busy: true }, MINUTE);
  assert.deepEqual(signs.busy(2 * MINUTE), { sinceMs: 0, untilMs: 4 * MINUTE });
  assert.equal(signs.busy(4 * MINUTE), null, 'a Jibri that has died');
  signs.note({ jibriId: 'a', busy: true }, 10 * MINUTE);
  assert.equal(signs.busy(10 * MINUTE)?.sinceMs, 10 * MINUTE);
  signs.note({ jibriId: 'a', busy: false }, 11 * MINUTE);
  assert.equal(signs.busy(11 * MINUTE), null);
});

test('of several Jibris one is enough; made-up names take no memory', () => {
  const signs = createSigns(3 * MINUTE);
  signs.note({ jibriId: 'a', busy: true }, 0);
  signs.note({ jibriId: 'b', busy: true }, 1);
  signs.note({ jibriId: 'a', busy: false }, 2);
  assert.deepEqual(signs.busy(3), { sinceMs: 1, untilMs: 1 + 3 * MINUTE });
  for (let n = 0; n < 10_000; n++) signs.note({ jibriId: `x${n}`, busy: true }, 4);
  assert.deepEqual(signs.busy(5), { sinceMs: 4, untilMs: 4 + 3 * MINUTE });
});

test('changes are said, and that it goes on, once a minute; at first that nothing goes on is not', () => {
  const state = (is: 'recording' | 'idle', untilMs: number): HostState => ({
    v: 1,
    type: 'host-state',
    host: 'h',
    state: is,
    since: '2026-08-01T10:00:00.000Z',
    at: '2026-08-01T10:00:00.000Z',
    expiresAt: new Date(untilMs).toISOString(),
  });
  const on = state('recording', 3 * MINUTE);
  assert.equal(isWorthSaying(null, state('idle', 0), MINUTE), false);
  assert.equal(isWorthSaying(null, on, MINUTE), true);
  assert.equal(isWorthSaying(on, state('recording', 3.9 * MINUTE), MINUTE), false);
  assert.equal(isWorthSaying(on, state('recording', 4 * MINUTE), MINUTE), true);
  assert.equal(isWorthSaying(on, state('idle', 0), MINUTE), true);
  assert.equal(isWorthSaying(state('idle', 0), state('idle', MINUTE), MINUTE), false);
});
