import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DailiesError } from '@dailies/contracts';
import { logLevel } from 'kafkajs';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { isPassing, isRefusal, kafkaError, protocolError } from '../../src/kafka/errors.ts';
import { logInto } from '../../src/kafka/log.ts';
import { quietRequestQueues } from '../../src/kafka/quiet-queue.ts';
import { CHECKSUM_HEADER, decodeRecord, encodeMessage } from '../../src/kafka/records.ts';
import { within } from '../../src/kafka/within.ts';

/** An error as kafkajs throws it. */
const kafkajs = (facts: {
  name: string;
  message?: string;
  type?: string;
  code?: string;
  broker?: string;
  cause?: Error;
}): Error => Object.assign(new Error(facts.message ?? 'as kafkajs says', { cause: facts.cause }), facts);
const wrapped = (cause: Error): Error => kafkajs({ name: 'KafkaJSNonRetriableError', cause });
const protocol = (type: string): Error => wrapped(kafkajs({ name: 'KafkaJSProtocolError', type }));

test('errors of the broker name what to do', () => {
  const connection = kafkajs({ name: 'KafkaJSConnectionError', code: 'ECONNREFUSED', broker: 'kafka-1:9092' });
  const tls = kafkajs({ name: 'KafkaJSConnectionError', code: 'SELF_SIGNED_CERT_IN_CHAIN', broker: 'kafka-1:9093' });
  const cases: [thrown: Error, says: RegExp][] = [
    [wrapped(connection), /while testing: kafka-1:9092 cannot be reached \(ECONNREFUSED\)/],
    [wrapped(tls), /TLS with kafka-1:9093 did not come about.*KAFKA_TLS_CA_FILE/],
    [
      wrapped(kafkajs({ name: 'KafkaJSConnectionClosedError', broker: 'kafka-1:9093' })),
      /closed the connection.*KAFKA_TLS/,
    ],
    [wrapped(kafkajs({ name: 'KafkaJSSASLAuthenticationError' })), /refused to let us sign in/],
    [protocol('TOPIC_AUTHORIZATION_FAILED'), /TOPIC_AUTHORIZATION_FAILED: its ACLs/],
    [protocol('UNKNOWN_TOPIC_OR_PARTITION'), /`dailies topics`/],
    [protocol('NOT_ENOUGH_REPLICAS'), /too few replicas/],
    [protocol('INVALID_REPLICATION_FACTOR'), /KAFKA_REPLICATION/],
    [new Error('something new'), /something new \(brokers: a:1\)/],
  ];
  for (const [thrown, says] of cases) {
    const error = kafkaError(thrown, 'a:1', 'testing');
    assert.match(error.message, says);
    assert.deepEqual([error.code, error.fate, error.cause], ['BUS_FAILED', 'retry', thrown]);
  }
  assert.equal(kafkaError(protocol('MESSAGE_TOO_LARGE'), 'a:1', 'testing').code, 'BATCH_TOO_LARGE');
  const ours = new DailiesError('DISK_FULL', 'full');
  assert.equal(kafkaError(ours, 'a:1', 'testing'), ours);
});

test('an outage passes, a refusal does not', () => {
  const connection = kafkajs({ name: 'KafkaJSConnectionError', code: 'ECONNREFUSED' });
  const tls = kafkajs({ name: 'KafkaJSConnectionError', code: 'CERT_HAS_EXPIRED' });
  const judged = [
    connection,
    protocol('NOT_ENOUGH_REPLICAS'),
    tls,
    protocol('GROUP_AUTHORIZATION_FAILED'),
    protocol('INCONSISTENT_GROUP_PROTOCOL'),
    new Error('Broker not connected'),
  ].map((error) => [isPassing(wrapped(error)), isRefusal(wrapped(error))]);
  assert.deepEqual(judged, [
    [true, false],
    [true, false],
    [false, true],
    [false, true],
    [false, true],
    [true, false],
  ]);
  assert.equal(protocolError(new Error('x')), '');
});

test('the checksum of a record covers its key, its headers and its bytes', () => {
  const headers = { b: '2', a: '1' };
  const message = encodeMessage({ topic: 't', key: 'k', headers, value: Uint8Array.of(1, 2) }, 3);
  const raw = (change: object) => ({
    ...{ offset: '7', timestamp: '1000', key: Buffer.from('k'), value: Buffer.of(1, 2) },
    // The order of headers is the broker's own.
    headers: {
      a: Buffer.from('1'),
      b: Buffer.from('2'),
      [CHECKSUM_HEADER]: Buffer.from(String(message.headers?.[CHECKSUM_HEADER])),
    },
    ...change,
  });
  const { record, damage } = decodeRecord('t', 3, raw({}), 2);
  assert.equal(damage, null);
  assert.deepEqual(
    { ...record, value: [...record.value] },
    { topic: 't', key: 'k', partition: 3, offset: '7', headers, value: [1, 2], timestampMs: 1000, attempt: 2 },
  );
  const { [CHECKSUM_HEADER]: sum } = raw({}).headers;
  for (const change of [
    { key: Buffer.from('l') },
    { value: Buffer.of(1, 3) },
    { headers: { a: '1', b: '3', [CHECKSUM_HEADER]: sum } },
    { headers },
  ])
    assert.notEqual(decodeRecord('t', 3, raw(change), 1).damage, null, JSON.stringify(change));
});

test('a request queue of kafkajs wakes up only while a request waits', async () => {
  quietRequestQueues();
  const debug = (): void => {};
  const options = {
    maxInFlightRequests: 1,
    requestTimeout: 1000,
    enforceRequestTimeout: false,
    clientId: 'c',
    broker: 'b',
    logger: { debug },
  };
  const queue = new RequestQueue(options);
  queue.checkPendingRequests();
  assert.equal(queue.throttleCheckTimeoutId, null);
  const sent: number[] = [];
  const push = (correlationId: number): void =>
    queue.push({
      entry: { correlationId, resolve: debug, reject: debug },
      expectResponse: false,
      sendRequest: () => sent.push(correlationId),
    });
  Object.assign(queue, { throttledUntil: Date.now() + 20 });
  push(1);
  assert.deepEqual(sent, []);
  assert.notEqual(queue.throttleCheckTimeoutId, null);
  while (queue.pending.length > 0) await sleep(5);
  assert.deepEqual([sent, queue.throttleCheckTimeoutId], [[1], null]);
});

test('lines of kafkajs: warnings are ours unless they are daily business, all else is for debugging', () => {
  const lines: string[] = [];
  const sayAs =
    (level: string) =>
    (facts: object, text: string): void =>
      void lines.push(`${level} ${text} ${JSON.stringify(facts)}`);
  const log = { error: sayAs('error'), warn: sayAs('warn'), info: sayAs('info'), debug: sayAs('debug') };
  let muted = false;
  const write = logInto(log, () => muted)(logLevel.INFO);
  const say = (level: logLevel, message: string): void =>
    write({
      namespace: 'N',
      level,
      label: '',
      log: { timestamp: '', message, groupId: 'g', sasl: { password: 'secret' }, payload: Buffer.from('secret') },
    });
  say(logLevel.WARN, 'odd');
  say(logLevel.WARN, 'The group is rebalancing, re-joining');
  say(logLevel.ERROR, 'Connection error');
  muted = true;
  say(logLevel.WARN, 'while we close');
  assert.deepEqual(
    lines.map((line) => line.replace(/ \{.*/, '')),
    ['warn kafka: odd', 'debug kafka: The group is rebalancing, re-joining', 'debug kafka: Connection error'],
  );
  assert.doesNotMatch(lines.join(), /secret/);
  assert.match(lines[0] ?? '', /"namespace":"N","groupId":"g"/);
});

test('what is waited for in vain ends after its time; what came leaves no timer', async () => {
  await within(1, new Promise(() => {}));
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  await within(60_000, Promise.reject(new Error('it failed')));
  assert.equal(timers(), before);
});
