import { readFileSync } from 'node:fs';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { DailiesError } from '@dailies/contracts';
import { type ISocketFactory, Kafka, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs';
import type { BusLog, BusSettings } from '../settings.ts';
import { followCoordinators } from './follow-coordinator.ts';
import { CLOSED_BY_US, freshConnections } from './fresh-connection.ts';
import { logInto } from './log.ts';
import { quietRequestQueues } from './quiet-queue.ts';
import { sureMetadata } from './sure-metadata.ts';

export type KafkaSettings = BusSettings & { readonly kafkaBrokers: string };

/** How to reach the brokers, ready for kafkajs. */
export interface Connection {
  /** `host:port` of the brokers to begin with, as text for messages. */
  readonly brokers: string;
  readonly config: Omit<KafkaConfig, 'brokers'> &
    Required<Pick<KafkaConfig, 'socketFactory' | 'retry' | 'logLevel' | 'logCreator'>> & { readonly brokers: string[] };
  /** A client of its own: kafkajs shares the committed offsets of a group among the consumers of one client. */
  client(): Kafka;
  /** Cuts all connections, of all clients. What waits for an answer fails. */
  destroy(): void;
}

const DEFAULT_PORT = 9092;
/** Over several tries up to half a minute, so that a broker that restarts costs no consumer its partitions. */
const RETRY = { initialRetryTime: 100, maxRetryTime: 1000, retries: 30 };
/** For commands and the first contact: several seconds. */
const SHORT_RETRY = { initialRetryTime: 100, maxRetryTime: 1000, retries: 3 };

/** @throws DailiesError CONFIG_INVALID */
export function connectionOf(
  settings: KafkaSettings,
  options: { readonly clientId: string; readonly log?: BusLog | undefined; readonly patient?: boolean },
): Connection {
  quietRequestQueues();
  followCoordinators();
  freshConnections();
  sureMetadata();
  const brokers = brokerList(settings.kafkaBrokers);
  const ssl = tlsOf(settings);
  const sasl = saslOf(settings);
  const sockets = new Set<Socket>();
  let destroyed = false;
  const config = {
    clientId: options.clientId,
    brokers,
    ...(ssl ? { ssl } : {}),
    ...(sasl ? { sasl } : {}),
    connectionTimeout: 5000,
    authenticationTimeout: 10_000,
    requestTimeout: 30_000,
    retry: options.patient ? RETRY : SHORT_RETRY,
    logLevel: logLevel.INFO,
    logCreator: logInto(options.log, () => destroyed),
    socketFactory: trackedSockets(sockets, () => destroyed),
  };
  return {
    brokers: brokers.join(', '),
    config,
    client: () => new Kafka(config),
    destroy() {
      destroyed = true;
      // With an error, for without one kafkajs would wait for its answers until they time out.
      for (const socket of sockets) socket.destroy(new Error(CLOSED_BY_US));
    },
  };
}

/** @throws DailiesError CONFIG_INVALID */
function brokerList(text: string): string[] {
  const brokers = text.split(',').map((one) => one.trim());
  return brokers.map((broker) => {
    const match = /^(?<host>[A-Za-z0-9._-]+)(?::(?<port>\d{1,5}))?$/.exec(broker);
    const port = Number(match?.groups?.port ?? DEFAULT_PORT);
    if (!match?.groups || port < 1 || port > 65_535)
      throw new DailiesError(
        'CONFIG_INVALID',
        `KAFKA_BROKERS: ${broker.includes('@') ? 'one' : `"${broker}"`} is not of the form host:port. Several are separated by commas, as in kafka-1:9092,kafka-2:9092.`,
      );
    return `${match.groups.host}:${port}`;
  });
}

/** @throws DailiesError CONFIG_INVALID */
function tlsOf(settings: KafkaSettings): ConnectionOptions | null {
  const { kafkaTlsCaFile, kafkaTlsCertFile, kafkaTlsKeyFile } = settings;
  if ((kafkaTlsCertFile === undefined) !== (kafkaTlsKeyFile === undefined))
    throw new DailiesError(
      'CONFIG_INVALID',
      'KAFKA_TLS_CERT_FILE and KAFKA_TLS_KEY_FILE go together: set both or none.',
    );
  if (!settings.kafkaTls && kafkaTlsCaFile === undefined && kafkaTlsCertFile === undefined) return null;
  return {
    ...(kafkaTlsCaFile === undefined ? {} : { ca: fileOf('KAFKA_TLS_CA_FILE', kafkaTlsCaFile) }),
    ...(kafkaTlsCertFile === undefined ? {} : { cert: fileOf('KAFKA_TLS_CERT_FILE', kafkaTlsCertFile) }),
    ...(kafkaTlsKeyFile === undefined ? {} : { key: fileOf('KAFKA_TLS_KEY_FILE', kafkaTlsKeyFile) }),
  };
}

/** @throws DailiesError CONFIG_INVALID */
function saslOf(settings: KafkaSettings): SASLOptions | null {
  const { kafkaSaslMechanism: mechanism, kafkaUsername: username, kafkaPassword, kafkaPasswordFile } = settings;
  if (mechanism === undefined) {
    if (username !== undefined || kafkaPassword !== undefined || kafkaPasswordFile !== undefined)
      throw new DailiesError(
        'CONFIG_INVALID',
        'KAFKA_USERNAME or a password is set, but not KAFKA_SASL_MECHANISM, so nobody would sign in.',
      );
    return null;
  }
  if (kafkaPassword !== undefined && kafkaPasswordFile !== undefined)
    throw new DailiesError('CONFIG_INVALID', 'KAFKA_PASSWORD and KAFKA_PASSWORD_FILE are both set; set one of them.');
  // Files of secrets often end in a line break that is not part of the secret.
  const password =
    kafkaPasswordFile === undefined
      ? kafkaPassword
      : fileOf('KAFKA_PASSWORD_FILE', kafkaPasswordFile).replace(/\r?\n$/, '');
  if (username === undefined || password === undefined || password === '')
    throw new DailiesError(
      'CONFIG_INVALID',
      'KAFKA_SASL_MECHANISM needs KAFKA_USERNAME and KAFKA_PASSWORD_FILE (or KAFKA_PASSWORD).',
    );
  return { mechanism, username, password } as SASLOptions;
}

function fileOf(setting: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new DailiesError('CONFIG_INVALID', `${setting}: ${path} cannot be read (${code}).`, { cause: error });
  }
}

/** Sockets as kafkajs makes them, kept so that they can be cut. */
function trackedSockets(sockets: Set<Socket>, destroyed: () => boolean): ISocketFactory {
  return ({ host, port, ssl, onConnect }) => {
    // What kafkajs still tries after the end must not bring a member back into its group, or keep the process alive.
    if (destroyed()) throw new Error(CLOSED_BY_US);
    const servername = isIP(host) === 0 ? { servername: host } : {};
    const socket = ssl
      ? connectTls({ host, port, ...servername, ...ssl }, onConnect)
      : connectTcp({ host, port }, onConnect);
    socket.setKeepAlive(true, 60_000);
    socket.setNoDelay(true);
    // Each request that is written before the connection is there waits with a listener.
    socket.setMaxListeners(0);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };
}
