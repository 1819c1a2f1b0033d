import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepAnswers } from '../src/kept.ts';

test('answers are asked for once, and again when they have been forgotten', async () => {
  const asked: string[] = [];
  const kept = keepAnswers<string>(2);
  const get = (key: string): Promise<string> =>
    kept.get(key, async () => {
      asked.push(key);
      return key.toUpperCase();
    });
  for (const key of ['a', 'b', 'a', 'c', 'b', 'a']) assert.equal(await get(key), key.toUpperCase());
  assert.deepEqual(asked, ['a', 'b', 'c', 'a']);
});

test('an error is not kept', async () => {
  const kept = keepAnswers<number>(2);
  await assert.rejects(
    kept.get('a', () => Promise.reject(new Error('not now'))),
    { message: 'not now' },
  );
  assert.equal(await kept.get('a', async () => 1), 1);
});

test('a large answer is not kept', async () => {
  let asked = 0;
  const kept = keepAnswers<string>(2, (answer) => answer.length < 3);
  for (const answer of ['long', 'ok', 'never asked for'])
    await kept.get('a', async () => {
      asked++;
      return answer;
    });
  assert.equal(asked, 2);
});
