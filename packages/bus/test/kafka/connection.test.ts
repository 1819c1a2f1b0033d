import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connectionOf, type KafkaSettings } from '../../src/kafka/connection.ts';
import { isHopeless, isPassing, kafkaError } from '../../src/kafka/errors.ts';

const base: KafkaSettings = {
  busPath: '',
  kafkaBrokers: 'localhost:9092',
  kafkaCreateTopics: true,
  kafkaDeleteDone: true,
  kafkaTls: false,
};
const configOf = (settings: Partial<KafkaSettings>) =>
  connectionOf({ ...base, ...settings }, { clientId: 'test' }).config;
const fileWith = (t: TestContext, text: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'dailies-kafka-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'file'), text);
  return join(folder, 'file');
};

test('brokers are separated by commas; the port may be left out', () => {
  assert.deepEqual(configOf({ kafkaBrokers: 'a:1, b.example.org ,c_d:9093' }).brokers, [
    'a:1',
    'b.example.org:9092',
    'c_d:9093',
  ]);
});

for (const brokers of ['', 'a:1,', 'a:0', 'a:99999', 'kafka://a:1', 'a:b', 'user:secret@a:1'])
  test(`brokers that are none are refused: "${brokers}"`, () => {
    assert.throws(() => configOf({ kafkaBrokers: brokers }), {
      code: 'CONFIG_INVALID',
      message: /^KAFKA_BROKERS: (?!.*secret)/,
    });
  });

test('signing in: mechanism, user, and the password from a file without its line break', (t) => {
  const kafkaPasswordFile = fileWith(t, 'se cret\n');
  const { sasl, ssl } = configOf({ kafkaSaslMechanism: 'scram-sha-512', kafkaUsername: 'me', kafkaPasswordFile });
  assert.deepEqual(sasl, { mechanism: 'scram-sha-512', username: 'me', password: 'se cret' });
  assert.equal(ssl, undefined);
});

test('TLS: switched on alone, or by its files', (t) => {
  assert.deepEqual(configOf({ kafkaTls: true }).ssl, {});
  const file = fileWith(t, 'PEM');
  assert.deepEqual(configOf({ kafkaTlsCaFile: file }).ssl, { ca: 'PEM' });
  assert.deepEqual(configOf({ kafkaTlsCertFile: file, kafkaTlsKeyFile: file }).ssl, { cert: 'PEM', key: 'PEM' });
});

const refused: [settings: Partial<KafkaSettings>, reason: RegExp][] = [
  [{ kafkaUsername: 'me', kafkaPassword: 'p' }, /KAFKA_SASL_MECHANISM/],
  [{ kafkaSaslMechanism: 'plain', kafkaUsername: 'me' }, /KAFKA_PASSWORD/],
  [{ kafkaSaslMechanism: 'plain', kafkaPassword: 'p' }, /KAFKA_USERNAME/],
  [{ kafkaSaslMechanism: 'plain', kafkaUsername: 'me', kafkaPassword: 'p', kafkaPasswordFile: '/x' }, /both set/],
  [
    { kafkaSaslMechanism: 'plain', kafkaUsername: 'me', kafkaPasswordFile: '/no/such' },
    /KAFKA_PASSWORD_FILE: \/no\/such/,
  ],
  [{ kafkaTlsCaFile: '/no/such' }, /KAFKA_TLS_CA_FILE: \/no\/such cannot be read \(ENOENT\)/],
  [{ kafkaTlsCertFile: '/x' }, /go together/],
];
for (const [settings, reason] of refused)
  test(`settings that do not fit are refused: ${reason.source}`, () => {
    assert.throws(() => configOf(settings), { code: 'CONFIG_INVALID', message: reason });
  });

// `dailies topics` advised to look at the disk of the bus when the password was wrong.
const failures: [name: string, facts: object, todo: RegExp][] = [
  ['KafkaJSSASLAuthenticationError', {}, /users of the broker/],
  ['KafkaJSConnectionError', { code: 'ECONNREFUSED' }, /address/],
  ['KafkaJSConnectionError', { code: 'SELF_SIGNED_CERT_IN_CHAIN' }, /certificate/],
  ['KafkaJSConnectionClosedError', {}, /listener/],
  ['KafkaJSRequestTimeoutError', {}, /address/],
  ['KafkaJSBrokerNotFound', {}, /address/],
  ['KafkaJSLockTimeout', { retriable: false }, /address/],
  ['KafkaJSProtocolError', { type: 'TOPIC_AUTHORIZATION_FAILED' }, /rights/],
];
for (const [name, facts, todo] of failures)
  test(`what to do fits the failure: ${name} ${Object.values(facts)}`, () => {
    const { details } = kafkaError(Object.assign(new Error('no'), { name, ...facts }), 'kafka:9092', 'connecting');
    assert.match(String(details.todo), todo);
  });

// While one connects to a broker that gives no answer, all others queue for it. After 20 s there kafkajs gives up, as if for
// good: a publish would fail at once, and a consumer go towards its end.
test('a broker that accepts connections and does not answer is waited for', () => {
  const thrown = Object.assign(new Error('Timeout while acquiring lock'), {
    name: 'KafkaJSLockTimeout',
    retriable: false,
  });
  assert.equal(isPassing(thrown), true);
  assert.equal(isHopeless(thrown), false);
});
