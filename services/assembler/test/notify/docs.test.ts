import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readyMessage } from '../../src/notify/message.ts';
import { signature } from '../../src/notify/signature.ts';
import { finished, SECRET } from './helpers.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'webhook.md'), 'utf8');
const snippet = (language: string): string =>
  new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? assert.fail(`no ${language} in the page`);

test('the verification of the page takes our signature, and no other body, secret or time', async () => {
  const url = `data:text/javascript,${encodeURIComponent(snippet('js'))}`;
  const { isFromDailies } = (await import(url)) as {
    isFromDailies(header: string | undefined, body: Buffer, secret: string, nowMs?: number): boolean;
  };
  const now = Date.now();
  const body = Buffer.from('{"room":"Café"}');
  const header = signature(SECRET, body.toString(), now);
  assert.equal(isFromDailies(header, body, SECRET), true);
  assert.equal(isFromDailies(header, Buffer.from('{}'), SECRET), false);
  assert.equal(isFromDailies(header, body, `${SECRET}.`), false);
  assert.equal(isFromDailies(header, body, SECRET, now + 301_000), false);
  assert.equal(isFromDailies(undefined, body, SECRET), false);
  assert.equal(isFromDailies(`${header}0`, body, SECRET), false);
});

test('the example of the page has the fields of a message, in their order', () => {
  const example = JSON.parse(snippet('json')) as object;
  assert.deepEqual(Object.keys(example), Object.keys(readyMessage(finished(1), undefined)));
});
