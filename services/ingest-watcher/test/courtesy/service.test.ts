import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Bus } from '@dailies/bus';
import { decodeHost, type HostMessage } from '@dailies/contracts';
import { createLogger } from '@dailies/service';
import { type CourtesyOptions, createCourtesy } from '../../src/index.ts';
import { temporaryFolder } from '../helpers.ts';

const CONFIG = { courtesyBind: '127.0.0.1', courtesyExpireMinutes: 3, courtesyHost: 'meet-1' };

/** A courtesy service whose messages are kept; the first `refuse` of them are refused. */
async function started(t: TestContext, config: Partial<CourtesyOptions['config']>, refuse = 0) {
  const messages: HostMessage[] = [];
  let next = Promise.withResolvers<void>();
  let left = refuse;
  const bus: Pick<Bus, 'publish'> = {
    async publish(published) {
      if (left-- > 0) throw new Error('no bus');
      for (const { topic, value } of published) messages.push(decodeHost({ topic, headers: {}, value }));
      next.resolve();
      next = Promise.withResolvers();
    },
  };
  const log = createLogger({ level: 'silent', format: 'json', preferText: false, color: false, write: () => {} });
  const courtesy = createCourtesy({ bus, log, config: { ...CONFIG, ...config }, tickMs: 10 });
  t.after(() => courtesy.stop({ drainMs: 0 }));
  await courtesy.start();
  return {
    courtesy,
    messages,
    /** Resolves when so many messages have been published. */
    async said(count: number): Promise<void> {
      while (messages.length < count) await next.promise;
    },
    async post(body: string, path = '/v1/status', method = 'POST'): Promise<number> {
      const init = method === 'GET' ? {} : { method, body };
      return (await fetch(`http://127.0.0.1:${courtesy.port}${path}`, init)).status;
    },
  };
}

const status = (busyStatus: string): string => JSON.stringify({ jibriId: 'j', status: { busyStatus } });

test('Jibri’s posts become the state of this host', async (t) => {
  const { post, said, messages } = await started(t, { courtesyPort: 0 });
  assert.equal(await post(status('IDLE')), 200);
  assert.equal(await post(status('BUSY')), 200);
  await said(1);
  assert.equal(await post(status('BUSY'), '/base/v1/status'), 200);
  assert.equal(await post(status('IDLE')), 200);
  await said(2);
  const [first, second] = messages;
  assert.partialDeepStrictEqual(first, { type: 'host-state', host: 'meet-1', state: 'recording' });
  assert.partialDeepStrictEqual(second, { host: 'meet-1', state: 'idle' });
  assert.ok(first && Date.parse(first.expiresAt) - Date.parse(first.at) > 2 * 60_000);
});

test('what is none of Jibri’s posts is refused, and changes nothing', async (t) => {
  const { post, messages } = await started(t, { courtesyPort: 0 });
  assert.equal(await post('{"session":{}}', '/v1/session/status'), 200);
  assert.equal(await post('no json'), 400);
  assert.equal(await post(status('BUSY'), '/elsewhere'), 404);
  assert.equal(await post('', '/v1/status', 'GET'), 405);
  assert.equal(await post('x'.repeat(100_000)).catch(() => 413), 413);
  assert.deepEqual(messages, []);
});

test('a file says the same', async (t) => {
  const file = join(await temporaryFolder(t), 'recording');
  const { said, messages } = await started(t, { courtesyFile: file });
  writeFileSync(file, '');
  await said(1);
  writeFileSync(file, 'idle');
  await said(2);
  assert.deepEqual(
    messages.map((message) => message.type === 'host-state' && message.state),
    ['recording', 'idle'],
  );
});

test('a sign that nobody repeats expires by itself', async (t) => {
  const { post, said, messages } = await started(t, { courtesyPort: 0, courtesyExpireMinutes: 0.03 });
  await post(status('BUSY'));
  await said(2);
  assert.deepEqual(
    [messages[0], messages.at(-1)].map((message) => message?.type === 'host-state' && message.state),
    ['recording', 'idle'],
  );
});

test('a bus that fails is asked again', async (t) => {
  const { post, said, messages } = await started(t, { courtesyPort: 0 }, 3);
  await post(status('BUSY'));
  await said(1);
  assert.partialDeepStrictEqual(messages[0], { state: 'recording' });
});

test('without a source it does nothing; a port that is taken is a plain error', async (t) => {
  const { courtesy } = await started(t, {});
  assert.equal(courtesy.port, null);
  const { courtesy: first } = await started(t, { courtesyPort: 0 });
  await assert.rejects(started(t, { courtesyPort: first.port ?? 0 }), {
    code: 'CONFIG_INVALID',
    message: /COURTESY_PORT/,
  });
});
