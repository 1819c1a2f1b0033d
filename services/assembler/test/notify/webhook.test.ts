import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readyMessage } from '../../src/notify/message.ts';
import { signature } from '../../src/notify/signature.ts';
import { webhookSecret, webhookUrl } from '../../src/notify/target.ts';
import { codeOf, createWebhook, type WebhookOptions } from '../../src/notify/webhook.ts';
import { closedPort, finished, receiver, SECRET, temporaryFolder } from './helpers.ts';

const NEVER = new AbortController().signal;
const message = readyMessage(finished(1), undefined);
const webhook = (url: string, options: Partial<WebhookOptions> = {}) =>
  createWebhook({
    url: new URL(url),
    secret: SECRET,
    timeoutMs: 60_000,
    userAgent: 'dailies/test',
    now: Date.now,
    ...options,
  });

test('the signature is HMAC-SHA256 of time and body, as anybody can reckon', () => {
  const expected = createHmac('sha256', 'key').update('1700000000.{"a":1}').digest('hex');
  assert.equal(signature('key', '{"a":1}', 1_700_000_000_999), `t=1700000000,v1=${expected}`);
});

test('a POST of JSON, signed, with its id', async (t) => {
  const { url, taken } = await receiver(t);
  await webhook(url)(message, NEVER);
  const [request] = taken;
  assert.equal(request?.method, 'POST');
  assert.equal(request?.headers['content-type'], 'application/json');
  assert.equal(request?.headers['x-dailies-id'], message.id);
  assert.deepEqual(JSON.parse(request?.body ?? ''), message);
  const [, time, hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(request?.headers['x-dailies-signature'])) ?? [];
  assert.equal(hex, createHmac('sha256', SECRET).update(`${time}.${request?.body}`).digest('hex'));
  assert.ok(Math.abs(Number(time) * 1000 - Date.now()) < 300_000);
});

test('without a secret it is not signed', async (t) => {
  const { url, taken } = await receiver(t);
  await webhook(url, { secret: undefined })(message, NEVER);
  assert.equal(taken[0]?.headers['x-dailies-signature'], undefined);
});

test('answers: taken, later, failed, refused', () => {
  assert.equal(codeOf(200), null);
  assert.equal(codeOf(204), null);
  for (const status of [408, 429, 502, 503, 504]) assert.equal(codeOf(status), 'WEBHOOK_UNREACHABLE', String(status));
  for (const status of [500, 501, 507]) assert.equal(codeOf(status), 'WEBHOOK_FAILED', String(status));
  for (const status of [301, 302, 400, 401, 404, 410, 422])
    assert.equal(codeOf(status), 'WEBHOOK_REFUSED', String(status));
});

/** What sending fails with: its code and text. */
async function failureOf(
  t: TestContext,
  answer: Parameters<typeof receiver>[1],
  options: Partial<WebhookOptions> = {},
) {
  const { url } = await receiver(t, answer);
  return webhook(url, options)(message, NEVER).then(
    () => assert.fail('sent'),
    (error: { code: string; message: string }) => {
      assert.doesNotMatch(`${error.message} ${JSON.stringify(error)}`, /TOKEN|SECRET/);
      return `${error.code}: ${error.message}`;
    },
  );
}

test('a redirect is not followed', async (t) => {
  const elsewhere = await receiver(t);
  const failure = await failureOf(t, (response) => response.writeHead(307, { location: elsewhere.url }).end());
  assert.match(failure, /^WEBHOOK_REFUSED: The webhook at 127\.0\.0\.1:\d+ answered 307\.$/);
  assert.equal(elsewhere.taken.length, 0);
});

test('a receiver that does not answer in time, that hangs up, and none at all', async (t) => {
  assert.match(await failureOf(t, () => {}, { timeoutMs: 50 }), /^WEBHOOK_UNREACHABLE: .* no answer within 50 ms/);
  assert.match(await failureOf(t, (response) => response.destroy()), /^WEBHOOK_UNREACHABLE: /);
  const host = `127.0.0.1:${await closedPort()}`;
  await assert.rejects(webhook(`http://${host}/hook?token=TOKEN`)(message, NEVER), {
    code: 'WEBHOOK_UNREACHABLE',
    message: `The webhook at ${host} cannot be reached: ECONNREFUSED.`,
  });
});

test('an answer without end is not read', async (t) => {
  const { url } = await receiver(t, (response) => {
    const write = (): void => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
    };
    response.on('drain', write);
    write();
  });
  await webhook(url)(message, NEVER);
});

test('stopping ends it', async (t) => {
  const stopping = new AbortController();
  const { url } = await receiver(t, () => stopping.abort());
  await assert.rejects(webhook(url)(message, stopping.signal), { code: 'ABORTED' });
});

test('a target that is none is refused at the start, and never quoted', (t) => {
  for (const url of ['TOKEN', 'ftp://x/TOKEN', 'https://user:TOKEN@x/'])
    assert.throws(
      () => webhookUrl(url),
      (error: { code: string; message: string }) => error.code === 'CONFIG_INVALID' && !error.message.includes('TOKEN'),
      url,
    );
  assert.equal(webhookSecret(SECRET, undefined), SECRET);
  const file = join(temporaryFolder(t), 'secret');
  writeFileSync(file, `${SECRET}\n`);
  assert.equal(webhookSecret(undefined, file), SECRET);
  assert.equal(webhookSecret(undefined, undefined), undefined);
  assert.throws(() => webhookSecret('short', undefined), { code: 'CONFIG_INVALID' });
  assert.throws(() => webhookSecret(undefined, `${file}.not`), { code: 'CONFIG_INVALID' });
});
