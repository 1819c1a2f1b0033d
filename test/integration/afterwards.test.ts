import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fixture } from '../fixtures/make.ts';
import { makeRoom } from '../helpers/dailies.ts';

const SECRET = 'SECRET-of-the-webhook';

/** A receiver of webhooks that fails at the first one, and what it was sent. */
async function receiver(t: TestContext) {
  const requests: { signature: string; body: string }[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    requests.push({ signature: String(request.headers['x-dailies-signature']), body });
    response.writeHead(requests.length === 1 ? 500 : 204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { requests, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/?token=SECRET` };
}

test('after the work: the world is told, and the original may go', { timeout: 600_000 }, async (t) => {
  const { requests, url } = await receiver(t);
  const settings = { READY_WEBHOOK_URL: url, READY_WEBHOOK_SECRET: SECRET, DRAIN_MS: '60000' };
  const room = await makeRoom(t, undefined, { env: () => settings });
  const [first, second] = ['0b0d1f9a-30a0-4d9e-8f6c-0a1b2c3d4e5f', '7c1e2b3a-30a0-4d9e-8f6c-0a1b2c3d4e5f'];
  const path = `${first}/standup_2026-08-01-10-00-00.mp4`;
  await room.put(await fixture('cfr30-gop60'), path);
  await room.put(await fixture('no-moov.mp4'), `${second}/standup_2026-08-01-10-05-00.mp4`);
  for (const session of [first, second])
    await writeFile(
      join(room.folder, session, 'metadata.json'),
      JSON.stringify({ meeting_url: 'https://meet.example.org/StandUp?jwt=SECRET', participants: ['SECRET'] }),
    );

  const { code, output } = await room.dailies('run', '--once');
  assert.equal(code, 3, output);
  assert.doesNotMatch(output, /SECRET/);
  for (const { signature, body } of requests) {
    const [, at, hex] = /^t=(\d+),v1=(\w+)$/.exec(signature) ?? [];
    assert.equal(hex, createHmac('sha256', SECRET).update(`${at}.${body}`).digest('hex'));
    assert.doesNotMatch(body, /SECRET/);
  }
  const messages = new Map(requests.map(({ body }) => [JSON.parse(body).event, JSON.parse(body)]));
  assert.deepEqual([...messages.keys()].sort(), ['finished', 'quarantined']);
  const [film, broken] = [messages.get('finished'), messages.get('quarantined')];
  assert.partialDeepStrictEqual(film, { room: 'StandUp', sessionId: first, recording: path, film: path, code: null });
  assert.partialDeepStrictEqual(broken, { room: 'StandUp', sessionId: second, code: 'RECORDING_NO_MOOV' });
  assert.equal(film.meetingId, broken.meetingId, 'two parts of one meeting');
  assert.equal(requests.length, 3, 'the one that failed was sent again, and nothing else');

  const original = join(room.folder, 'archived', path);
  const dry = await room.dailies('retention', '--retention-days', '0');
  assert.match(dry.output, /Would delete 1 original/);
  assert.ok(existsSync(original));
  const done = await room.dailies('retention', '--retention-days', '0', '--apply');
  assert.match(done.output, /Deleted 1 original/, done.output);
  assert.equal(existsSync(original), false);
  assert.ok(existsSync(join(room.folder, 'processed', path)));
  assert.match((await room.dailies('replay', path)).output, /was deleted by retention/);
});
