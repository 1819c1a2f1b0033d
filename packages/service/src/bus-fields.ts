import { join } from 'node:path';
import { derived, field } from './fields.ts';

export const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

/** Which bus, and how to reach it. `KAFKA_BROKERS` alone moves a service, or all of them, from the embedded bus to Kafka. */
export const busFields = [
  field({
    env: 'BUS_PATH',
    type: 'path',
    default: derived('`RECORDINGS_DIR`/.dailies/bus.sqlite', (get) =>
      join(get('RECORDINGS_DIR'), '.dailies', 'bus.sqlite'),
    ),
    describe: 'The file of the embedded bus. It must be on a local disk, not on NFS or CIFS. Not used with Kafka.',
    example: '/var/lib/dailies/bus.sqlite',
  }),
  field({
    env: 'KAFKA_BROKERS',
    type: 'string',
    default: undefined,
    describe: 'Kafka brokers to begin with, separated by commas. When set, Kafka takes the place of the embedded bus.',
    example: 'kafka-1:9092,kafka-2:9092',
  }),
  field({
    env: 'KAFKA_CREATE_TOPICS',
    type: 'boolean',
    default: true,
    describe:
      'Make topics that are missing at the start, and let those of before stamp their records by themselves. Switched off, they are only checked.',
    example: 'false',
  }),
  field({
    env: 'KAFKA_REPLICATION',
    type: 'int',
    default: undefined,
    min: 1,
    max: 32_767,
    describe: 'Replicas of the topics that are made. When not set: what the brokers have as their default.',
    example: '3',
  }),
  field({
    env: 'KAFKA_DELETE_DONE',
    type: 'boolean',
    default: true,
    describe:
      'Delete batches from Kafka once they are done, as the embedded bus does. Switched off, Kafka keeps them until the retention of their topics.',
    example: 'false',
  }),
  field({
    env: 'KAFKA_TLS',
    type: 'boolean',
    default: false,
    describe: 'Talk to the brokers through TLS. Set by itself when a file of KAFKA_TLS_… is named.',
    example: 'true',
  }),
  field({
    env: 'KAFKA_TLS_CA_FILE',
    type: 'path',
    default: undefined,
    describe: 'Certificates (PEM) that the brokers’ are checked against; those of the system when not set.',
    example: '/run/secrets/kafka-ca.pem',
  }),
  field({
    env: 'KAFKA_TLS_CERT_FILE',
    type: 'path',
    default: undefined,
    describe: 'Our own certificate (PEM), for brokers that ask for one (mutual TLS).',
    example: '/run/secrets/dailies.pem',
  }),
  field({
    env: 'KAFKA_TLS_KEY_FILE',
    type: 'path',
    default: undefined,
    describe: 'The private key (PEM) of our own certificate.',
    example: '/run/secrets/dailies.key',
  }),
  field({
    env: 'KAFKA_SASL_MECHANISM',
    type: 'enum',
    default: undefined,
    values: SASL_MECHANISMS,
    describe: 'How to sign in to the brokers. Not set: without signing in.',
    example: 'scram-sha-512',
  }),
  field({
    env: 'KAFKA_USERNAME',
    type: 'string',
    default: undefined,
    describe: 'The user to sign in as.',
    example: 'filter-worker',
  }),
  field({
    env: 'KAFKA_PASSWORD',
    type: 'string',
    default: undefined,
    secret: true,
    describe: 'The password of that user. KAFKA_PASSWORD_FILE keeps it out of the environment.',
    example: 'a long random word',
  }),
  field({
    env: 'KAFKA_PASSWORD_FILE',
    type: 'path',
    default: undefined,
    describe: 'A file that holds the password, as secrets of Docker and Kubernetes come.',
    example: '/run/secrets/kafka-password',
  }),
] as const;
