import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type StartedBroker, startBroker, withoutDocker } from '../../../../test/helpers/kafka.ts';
import { collect, message, textOf } from '../../src/conformance/harness.ts';
import { openKafka } from '../../src/kafka/open.ts';
import type { Bus } from '../../src/port.ts';
import type { BusSettings } from '../../src/settings.ts';
import { QUICK, settingsFor } from '../helpers/kafka.ts';

const USER = 'dailies';
const PASSWORD = 'a secret, with = and spaces';
const START_MS = 240_000;
const TOOLS = 'localhost:9094';
const login = (way: string, more = ''): string =>
  `org.apache.kafka.common.security.${way}.${way === 'plain' ? 'Plain' : 'Scram'}LoginModule required${more};`;

/** Clients have to sign in; the tools inside of the container, and the broker itself, have a port without that. */
const signedListener = (port: number): Record<string, string> => ({
  KAFKA_LISTENERS: `CLIENT://:${port},INNER://:9094,CONTROLLER://:9093`,
  KAFKA_ADVERTISED_LISTENERS: `CLIENT://localhost:${port},INNER://${TOOLS}`,
  KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CLIENT:SASL_PLAINTEXT,INNER:PLAINTEXT,CONTROLLER:PLAINTEXT',
  KAFKA_INTER_BROKER_LISTENER_NAME: 'INNER',
  KAFKA_SASL_ENABLED_MECHANISMS: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
  // The image makes a hyphen of three underscores.
  KAFKA_LISTENER_NAME_CLIENT_PLAIN_SASL_JAAS_CONFIG: login('plain', ` user_${USER}="${PASSWORD}"`),
  KAFKA_LISTENER_NAME_CLIENT_SCRAM___SHA___256_SASL_JAAS_CONFIG: login('scram'),
  KAFKA_LISTENER_NAME_CLIENT_SCRAM___SHA___512_SASL_JAAS_CONFIG: login('scram'),
});

// That of deploy/kafka/secured (SCRAM-SHA-512 over TLS, with rights) has a test of its own.
describe('signing in', { skip: await withoutDocker() }, () => {
  let broker: StartedBroker;
  before(
    async () => {
      broker = await startBroker({ env: signedListener });
      const credentials = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].map((way) => `${way}=[password=${PASSWORD}]`);
      for (const credential of credentials) {
        const { exitCode, output } = await broker.container.exec([
          '/opt/kafka/bin/kafka-configs.sh',
          ...['--bootstrap-server', TOOLS, '--alter', '--entity-type', 'users', '--entity-name', USER],
          ...['--add-config', credential],
        ]);
        assert.equal(exitCode, 0, output);
      }
    },
    { timeout: START_MS },
  );
  after(() => broker?.stop());

  const open = (how: Pick<BusSettings, 'kafkaSaslMechanism' | 'kafkaPassword'>, topic: string): Promise<Bus> =>
    openKafka(
      { ...settingsFor(broker.address), kafkaUsername: USER, kafkaPassword: PASSWORD, ...how },
      { clientId: 'test' },
      { topics: { [topic]: { groups: [], keep: { forMs: 3_600_000 } } }, tuning: QUICK },
    );

  for (const way of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
    test(`${way}: with the password records go and come`, async () => {
      const bus = await open({ kafkaSaslMechanism: way }, way);
      try {
        await bus.publish([message(way, 'k', 'hello')]);
        const records = await collect(bus, way);
        assert.deepEqual((await records.first(1)).map(textOf), ['hello']);
      } finally {
        await bus.close();
      }
    });

    test(`${way}: with a wrong password it says so at once`, async () => {
      await assert.rejects(open({ kafkaSaslMechanism: way, kafkaPassword: 'no' }, way), {
        code: 'BUS_FAILED',
        message: /refused to let us sign in.*KAFKA_USERNAME and the password/,
      });
    });
  }

  test('a port that wants it, and nothing that is set: it says what is missing', async () => {
    const { kafkaSaslMechanism: _, ...nothing } = settingsFor(broker.address);
    await assert.rejects(openKafka(nothing, { clientId: 'test', waitForBrokerMs: 0 }, { topics: {} }), {
      code: 'BUS_FAILED',
      message: /KAFKA_SASL_MECHANISM/,
    });
  });
});
