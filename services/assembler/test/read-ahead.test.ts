import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Recorded } from '@dailies/media';
import { createReadAhead } from '../src/read-ahead.ts';

const recorded = (path: string): Recorded => ({ source: { path } as Recorded['source'], sound: [] });

test('what was read ahead is had once, and never twice', async () => {
  const ahead = createReadAhead(async (path) => recorded(path));
  ahead.begin('a', 'a.mp4');
  assert.equal((await ahead.take('a'))?.source.path, 'a.mp4');
  assert.equal(await ahead.take('a'), null);
});

test('a failure is nobody else’s: there is just nothing', async () => {
  const ahead = createReadAhead(async () => {
    throw new Error('gone');
  });
  ahead.begin('a', 'a.mp4');
  assert.equal(await ahead.take('a'), null);
});

test('recordings that are never asked for are let go, the oldest first', async () => {
  const ahead = createReadAhead(async (path) => recorded(path));
  for (let i = 0; i < 9; i++) ahead.begin(`${i}`, `${i}.mp4`);
  assert.equal(await ahead.take('0'), null);
  assert.equal((await ahead.take('1'))?.source.path, '1.mp4');
});

test('stopping ends the reading and begins no more', async () => {
  const ahead = createReadAhead(
    (_, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  );
  ahead.begin('a', 'a.mp4');
  await ahead.stop();
  ahead.begin('b', 'b.mp4');
  assert.equal(await ahead.take('b'), null);
});
