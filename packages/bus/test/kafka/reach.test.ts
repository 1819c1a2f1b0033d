import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { openKafka } from '../../src/kafka/open.ts';
import { reach } from '../../src/kafka/reach.ts';
import type { BusLog } from '../../src/settings.ts';
import { settingsFor } from '../helpers/kafka.ts';

function listening() {
  const lines: string[] = [];
  const at =
    (level: string) =>
    (facts: object, text: string): void =>
      void lines.push(`${level} ${text} ${JSON.stringify(facts)}`);
  const log: BusLog = { debug: () => {}, info: at('info'), warn: at('warn'), error: at('error') };
  return { lines, log };
}

const refused = (code = 'ECONNREFUSED'): Error =>
  Object.assign(new Error(`connect ${code}`), { name: 'KafkaJSConnectionError', code, broker: 'kafka:9092' });

// An operator who starts all at once saw the same line every 5 s, and nothing when the broker came.
test('a broker that comes late: one line for each reason, and one when it answers', async () => {
  const { lines, log } = listening();
  const failures = [refused('ENOTFOUND'), refused(), refused(), refused()];
  const answer = await reach('kafka:9092', { waitForBrokerMs: 60_000, log, againMs: 1 }, async () => {
    const failure = failures.shift();
    if (failure) throw failure;
    return 'topics';
  });
  assert.equal(answer, 'topics');
  assert.deepEqual(
    lines.map((line) => /^\w+ Kafka (is waited for|answers)/.exec(line)?.[0]),
    ['warn Kafka is waited for', 'warn Kafka is waited for', 'info Kafka answers'],
  );
  assert.match(lines[1] ?? '', /kafka:9092 cannot be reached \(ECONNREFUSED\)/);
});

test('a broker that takes the connection and says nothing is told of before that fails', async () => {
  const { lines, log } = listening();
  const answer = Promise.withResolvers<string>();
  const said: BusLog = {
    ...log,
    warn(facts, text) {
      log.warn(facts, text);
      answer.resolve('topics');
    },
  };
  await reach('kafka:9092', { waitForBrokerMs: 60_000, log: said, silentMs: 1 }, () => answer.promise);
  assert.deepEqual(
    lines.map((line) => /^\w+ [^{]+(?= \{)/.exec(line)?.[0]),
    ['warn Kafka is waited for: kafka:9092 has not answered yet', 'info Kafka answers: kafka:9092'],
  );
});

test('where nothing waits, nothing is said', async () => {
  const { lines, log } = listening();
  await reach('kafka:9092', { waitForBrokerMs: 0, log }, async () => 'topics');
  await assert.rejects(
    reach('kafka:9092', { waitForBrokerMs: 0, log }, () => Promise.reject(refused())),
    {
      code: 'BUS_FAILED',
    },
  );
  assert.deepEqual(lines, []);
});

test('of what kafkajs says at each of its tries, an operator sees our line and no stack', async (t) => {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  assert.ok(address && typeof address === 'object');
  const { lines, log } = listening();
  // A first contact takes as long as the machine makes it; the time is over once it has been told of, and not before.
  t.mock.method(performance, 'now', () => (lines.length === 0 ? 0 : 1500));
  const opening = openKafka(settingsFor(`127.0.0.1:${address.port}`), { clientId: 't', log, waitForBrokerMs: 1500 });
  await assert.rejects(opening, { code: 'BUS_FAILED' });
  server.close();
  assert.equal(lines.length, 1, lines.join('\n'));
  assert.match(lines[0] ?? '', /^warn Kafka is waited for: .*closed the connection/);
  assert.doesNotMatch(lines.join(), /stack| at /);
});
