import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DailiesError } from '@dailies/contracts';
import { afterFailure, type RetryRules } from '../src/retry.ts';

const RULES: RetryRules = { attempts: 3, backoff: { initialMs: 100, factor: 2, maxMs: 1000 } };
const retry = new DailiesError('FFMPEG_FAILED', '');
const wait = new DailiesError('DISK_FULL', '');
const never = new DailiesError('FRAMES_MISMATCH', '');

test('the fate `retry` is bounded by attempts, whatever was waited for before', () => {
  assert.deepEqual(afterFailure(retry, { retries: 0, waits: 50 }, RULES), {
    retryInMs: 100,
    failures: { retries: 1, waits: 50 },
  });
  assert.deepEqual(afterFailure(retry, { retries: 1, waits: 0 }, RULES), {
    retryInMs: 200,
    failures: { retries: 2, waits: 0 },
  });
  assert.equal(afterFailure(retry, { retries: 2, waits: 0 }, RULES), 'dead-letter');
  assert.equal(afterFailure(retry, { retries: 0, waits: 0 }, { ...RULES, attempts: 1 }), 'dead-letter');
});

test('the fate `wait` has no bound but waitAttempts, and uses no attempts up', () => {
  assert.deepEqual(afterFailure(wait, { retries: 2, waits: 0 }, RULES), {
    retryInMs: 100,
    failures: { retries: 2, waits: 1 },
  });
  assert.deepEqual(afterFailure(wait, { retries: 0, waits: 5000 }, RULES), {
    retryInMs: 1000,
    failures: { retries: 0, waits: 5001 },
  });
  assert.equal(afterFailure(wait, { retries: 0, waits: 3 }, { ...RULES, waitAttempts: 4 }), 'dead-letter');
});

test('the fate `never` is not tried again', () => {
  assert.equal(afterFailure(never, { retries: 0, waits: 0 }, RULES), 'dead-letter');
});

test('jitter shortens a wait by chance, by its share at most', () => {
  const rules = { ...RULES, backoff: { ...RULES.backoff, jitter: 0.5 } };
  const waits = [0, 0.5, 1].map((chance) => {
    const next = afterFailure(retry, { retries: 1, waits: 0 }, rules, () => chance);
    return next === 'dead-letter' ? next : next.retryInMs;
  });
  assert.deepEqual(waits, [200, 150, 100]);
});
