import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type BusRecord, DAILIES_TOPICS, openSqliteBus } from '@dailies/bus';
import { type DailiesEvent, encodeEvent, TOPICS } from '@dailies/contracts';
import { createLogger, followRecordings } from '@dailies/service';
import { createNotifier, type NotifierOptions } from '../../src/index.ts';
import { failed, finished, found, idOf, quarantined, receiver, SECRET, splitting, temporaryFolder } from './helpers.ts';

const QUICK = { initialMs: 5, maxMs: 20 };
const NEVER = new AbortController().signal;
const LONG_MS = 120_000;
/** An hour after the events of these tests. */
const NOW = Date.parse('2026-08-01T11:00:00.000Z');

const CONFIG: NotifierOptions['config'] = {
  readyWebhookSecret: SECRET,
  readyWebhookTimeoutMs: 60_000,
  readyWebhookAttempts: 3,
  readyWebhookPatienceHours: 1,
  readyStdout: false,
};

/** A notifier at work on a bus in a file. */
async function started(t: TestContext, config: Partial<NotifierOptions['config']>, folder = temporaryFolder(t)) {
  const bus = openSqliteBus({ path: join(folder, 'bus.sqlite'), topics: DAILIES_TOPICS });
  const lines: string[] = [];
  const written: string[] = [];
  const log = createLogger({
    level: 'debug',
    format: 'json',
    preferText: false,
    color: false,
    write: (line) => void lines.push(line),
  });
  const view = await followRecordings(bus, log);
  const notifier = createNotifier({
    bus,
    view,
    log,
    config: { ...CONFIG, ...config },
    write: (line) => void written.push(line),
    backoff: QUICK,
    now: () => NOW,
  });
  let open = true;
  const close = async (): Promise<void> => {
    if (!open) return;
    open = false;
    await notifier.stop({ drainMs: 0 });
    await view.close();
    await bus.close();
  };
  t.after(close);
  await notifier.start();
  return {
    notifier,
    lines,
    written,
    close,
    publish: (...events: DailiesEvent[]) => bus.publish(events.map(encodeEvent)),
    publishRaw: (text: string) => bus.publish([{ topic: TOPICS.events, key: 'x', value: Buffer.from(text) }]),
    /** Resolves when the notifier has nothing left to do. */
    told: () => notifier.told(LONG_MS, NEVER),
    async deadLetters(): Promise<BusRecord[]> {
      const letters: BusRecord[] = [];
      await bus.tail(TOPICS.deadLetters, (record) => void letters.push(record));
      return letters;
    },
  };
}

test('finished, failed and quarantined are told once each, with what the events tell; nothing else is', async (t) => {
  const hook = await receiver(t);
  const { publish, told, lines } = await started(t, { readyWebhookUrl: hook.url });
  await publish(found(1), splitting(1), finished(1), found(2), failed(2), quarantined(3));
  await told();
  const messages = hook.messages().toSorted((a, b) => (String(a.id) < String(b.id) ? -1 : 1));
  assert.deepEqual(
    messages.map(({ id, room, look, film }) => [id, room, look, film]),
    [
      [`${idOf(1)}:0:finished`, 'standup', 'both', 's1/room.mp4'],
      [`${idOf(2)}:0:failed`, 'standup', null, null],
      [`${idOf(3)}:0:quarantined`, 'standup', null, null],
    ],
  );
  assert.doesNotMatch(lines.join(''), /TOKEN|SECRET/);
});

test('a receiver that fails is tried again until it takes the message, with the same id', async (t) => {
  const hook = await receiver(t, (response, before) => response.writeHead(before < 2 ? 500 : 200).end());
  const { publish, told, deadLetters, lines } = await started(t, { readyWebhookUrl: hook.url });
  await publish(found(1), finished(1));
  await told();
  assert.deepEqual(new Set(hook.messages().map(({ id }) => id)), new Set([`${idOf(1)}:0:finished`]));
  assert.equal(hook.taken.length, 3);
  assert.deepEqual(await deadLetters(), []);
  assert.doesNotMatch(lines.join(''), /TOKEN|SECRET/);
});

test('one that fails for ever ends in the dead letters, with its reason and without the URL; others are told', async (t) => {
  const hook = await receiver(t, (response, _before, { body }) =>
    response.writeHead(body.includes(idOf(1)) ? 500 : 200).end(),
  );
  const { publish, told, deadLetters, lines } = await started(t, { readyWebhookUrl: hook.url });
  await publish(found(1), finished(1), found(2), finished(2));
  await told();
  const letters = await deadLetters();
  assert.equal(letters.length, 1);
  assert.equal(letters[0]?.headers['dead-letter-code'], 'WEBHOOK_FAILED');
  assert.equal(letters[0]?.headers['dead-letter-group'], 'notifier');
  assert.ok(hook.messages().some(({ recordingId }) => recordingId === idOf(2)));
  assert.equal(hook.messages().filter(({ recordingId }) => recordingId === idOf(1)).length, 3);
  assert.doesNotMatch(lines.join('') + JSON.stringify(letters), /TOKEN|SECRET/);
});

test('what is refused is not sent again', async (t) => {
  const hook = await receiver(t, (response) => response.writeHead(422).end());
  const { publish, told, deadLetters } = await started(t, { readyWebhookUrl: hook.url });
  await publish(found(1), finished(1));
  await told();
  assert.equal(hook.taken.length, 1);
  assert.equal((await deadLetters())[0]?.headers['dead-letter-code'], 'WEBHOOK_REFUSED');
});

test('a receiver that is away uses no attempts up', async (t) => {
  const hook = await receiver(t, (response, before) => response.writeHead(before < 10 ? 503 : 204).end());
  const { publish, told, deadLetters } = await started(t, { readyWebhookUrl: hook.url });
  await publish(found(1), finished(1));
  await told();
  assert.equal(hook.taken.length, 11);
  assert.deepEqual(await deadLetters(), []);
});

test('a restart goes on: what was not taken is sent, what was taken is not', async (t) => {
  const folder = temporaryFolder(t);
  const hook = await receiver(t, (response, _before, { body }) => {
    if (body.includes(idOf(1))) response.end();
  });
  const first = await started(t, { readyWebhookUrl: hook.url }, folder);
  await first.publish(found(1), finished(1));
  await first.told();
  await first.publish(found(2), finished(2));
  await hook.reached(2);
  await first.close();
  const second = await receiver(t);
  const { told } = await started(t, { readyWebhookUrl: second.url }, folder);
  await told();
  assert.deepEqual(
    second.messages().map(({ id }) => id),
    [`${idOf(2)}:0:finished`],
  );
});

test('without a target it keeps pace: a webhook that is set later is not told the history', async (t) => {
  const folder = temporaryFolder(t);
  const first = await started(t, { readyStdout: true }, folder);
  await first.publish(found(1), finished(1));
  await first.told();
  await first.close();
  const hook = await receiver(t);
  const later = await started(t, { readyWebhookUrl: hook.url }, folder);
  await later.publish(found(2), finished(2));
  await later.told();
  assert.deepEqual(
    hook.messages().map(({ recordingId }) => recordingId),
    [idOf(2)],
  );
});

test('what ended long ago is history, and nobody is told of it', async (t) => {
  const hook = await receiver(t);
  const { publish, told } = await started(t, { readyWebhookUrl: hook.url });
  await publish(found(1), { ...finished(1), at: '2026-07-24T00:00:00.000Z' }, found(2), finished(2));
  await told();
  assert.deepEqual(
    hook.messages().map(({ recordingId }) => recordingId),
    [idOf(2)],
  );
});

test('the standard output: one line each, the same message, once although the webhook is tried again', async (t) => {
  const hook = await receiver(t, (response, before) => response.writeHead(before < 2 ? 500 : 200).end());
  const { publish, told, written } = await started(t, { readyWebhookUrl: hook.url, readyStdout: true });
  await publish(found(1), finished(1));
  await told();
  assert.equal(written.length, 1);
  assert.ok(written[0]?.endsWith('}\n'));
  assert.deepEqual(JSON.parse(written[0] ?? ''), hook.messages()[0]);
});

test('an unsigned webhook is said to be one; events of a newer version are passed over', async (t) => {
  const hook = await receiver(t);
  const { publish, publishRaw, told, lines, deadLetters } = await started(t, {
    readyWebhookUrl: hook.url,
    readyWebhookSecret: undefined,
  });
  assert.match(lines.join(''), /not signed/);
  await publishRaw('{"v":2,"type":"sung"}');
  await publish(found(1), finished(1));
  await told();
  assert.equal(hook.taken.length, 1);
  assert.deepEqual(await deadLetters(), []);
});
