import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostState, WorkerState } from '@dailies/contracts';
import { courtesyLines } from '../src/courtesy-text.ts';

const at = '2026-08-01T10:04:30.000Z';
const host = (name: string): HostState => ({
  v: 1,
  type: 'host-state',
  host: name,
  state: 'recording',
  since: at,
  at,
  expiresAt: at,
});
const worker = (n: number, name: string, pace: WorkerState['pace']): WorkerState => ({
  v: 1,
  type: 'worker-state',
  worker: `w${n}`,
  host: name,
  pace,
  since: at,
  at,
  expiresAt: at,
});

test('a line for each host, with the workers that make room on it', () => {
  const workers = [worker(1, 'a', 'slow'), worker(2, 'a', 'slow'), worker(3, 'a', 'pause'), worker(4, 'x', 'slow')];
  assert.deepEqual(courtesyLines([host('a'), host('b\n')], workers), [
    '2 workers slowed, 1 worker paused: a meeting is being recorded on a since 2026-08-01 10:04 UTC',
    'no worker slowed: a meeting is being recorded on b\\n since 2026-08-01 10:04 UTC',
  ]);
  assert.deepEqual(courtesyLines([], workers), []);
});
