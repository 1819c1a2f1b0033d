import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { DailiesError } from '@dailies/contracts';
import { deadLetter } from '../src/dead-letter.ts';
import { type BusRecord, readDeadLetter } from '../src/index.ts';

const record: BusRecord = {
  topic: 'dailies.frame-batches',
  key: 'k',
  partition: 7,
  offset: '42',
  headers: { manifest: '{}' },
  value: Uint8Array.of(1, 2),
  timestampMs: 0,
  attempt: 4,
};
const NOW = Date.parse('2026-08-01T12:00:00.000Z');

test('a dead letter is the record, and says where it came from, who gave it up, after how many attempts, and why', () => {
  const error = new DailiesError('FFMPEG_FAILED', 'ffmpeg could not decode.', {
    details: { stderr: 'moov atom not found', command: 'ffmpeg -i x' },
  });
  const sent = deadLetter(record, 'filter-worker', error, NOW);
  assert.equal(sent.topic, 'dailies.dead-letters');
  assert.deepEqual(readDeadLetter({ key: sent.key, value: sent.value, headers: sent.headers ?? {} }), {
    record: { topic: record.topic, key: 'k', headers: { manifest: '{}' }, value: record.value },
    partition: 7,
    offset: '42',
    group: 'filter-worker',
    worker: `${hostname()}:${process.pid}`,
    attempts: 4,
    code: 'FFMPEG_FAILED',
    reason: 'ffmpeg could not decode.',
    stderr: 'moov atom not found',
    at: '2026-08-01T12:00:00.000Z',
  });
});

test('of long texts the end of an output and the beginning of a reason are kept', () => {
  const error = new DailiesError('FFMPEG_FAILED', `begin${'x'.repeat(100_000)}`, {
    details: { stderr: `${'y'.repeat(100_000)}end` },
  });
  const { headers = {} } = deadLetter(record, 'g', error, NOW);
  assert.ok(Object.values(headers).join('').length < 10_000);
  assert.match(String(headers['dead-letter-reason']), /^begin/);
  assert.match(String(headers['dead-letter-stderr']), /end$/);
});

test('a dead letter of a version that wrote less is read all the same', () => {
  const letter = readDeadLetter({ key: 'k', value: record.value, headers: { 'dead-letter-code': 'INTERNAL' } });
  assert.deepEqual([letter.code, letter.worker, letter.stderr, letter.attempts], ['INTERNAL', null, null, 1]);
});
