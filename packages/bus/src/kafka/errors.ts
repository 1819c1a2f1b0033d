import { DailiesError } from '@dailies/contracts';
import { CLOSED_BY_US } from './fresh-connection.ts';

/** What kafkajs' errors tell, as far as it is of use. */
interface Known {
  readonly name: string;
  /** The protocol's name of the error, such as TOPIC_AUTHORIZATION_FAILED. */
  readonly type: string;
  /** The system's, such as ECONNREFUSED. */
  readonly code: string;
  readonly message: string;
  readonly broker: string;
  /** Whether kafkajs holds it to be worth another try. */
  readonly retriable: boolean;
}

/** Errors of a TLS handshake, by the codes of Node and OpenSSL. */
const TLS_CODE = /^(ERR_SSL|ERR_TLS|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|EPROTO|ERR_OSSL)/;
const ROOM = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'];

/** The errors behind an error, outermost first. */
function chain(thrown: unknown): Known[] {
  const found: Known[] = [];
  for (let error = thrown; error instanceof Error && found.length < 10; error = error.cause) {
    const { type, code, broker, errors, retriable } = error as Error &
      Partial<Record<'type' | 'code' | 'broker' | 'errors' | 'retriable', unknown>>;
    found.push({
      name: error.name,
      type: typeof type === 'string' ? type : '',
      code: typeof code === 'string' ? code : '',
      message: error.message,
      broker: typeof broker === 'string' ? broker : '',
      retriable: retriable === true,
    });
    // createTopics collects its errors in one.
    if (Array.isArray(errors)) found.push(...errors.flatMap((one) => chain(one)));
  }
  return found;
}

/** The protocol's name of what went wrong; '' when it was nothing of the protocol. */
export function protocolError(thrown: unknown): string {
  return chain(thrown).find(({ type }) => type !== '')?.type ?? '';
}

/** Whether there was no broker to talk to, so that it may help to wait for one. */
export function isUnreachable(thrown: unknown): boolean {
  return chain(thrown).some(
    ({ name, code, message }) =>
      // kafkajs has dropped a connection that one of its requests still wanted to use; a plain Error tells of it.
      (name === 'Error' && message === 'Broker not connected') ||
      (name === 'KafkaJSConnectionError' && !TLS_CODE.test(code)) ||
      name === 'KafkaJSConnectionClosedError' ||
      name === 'KafkaJSRequestTimeoutError' ||
      // All wait for the one that connects, and that gets no answer.
      name === 'KafkaJSLockTimeout' ||
      name === 'KafkaJSNoBrokerAvailableError' ||
      name === 'KafkaJSBrokerNotFound',
  );
}

/** What stays refused until somebody changes a setting or a right. */
const REFUSED =
  /(AUTHORIZATION|AUTHENTICATION)_FAILED$|^(INCONSISTENT_GROUP_PROTOCOL|INVALID_SESSION_TIMEOUT|INVALID_GROUP_ID|GROUP_MAX_SIZE_REACHED|UNSUPPORTED_VERSION|UNSUPPORTED_SASL_MECHANISM)$/;

/** Whether it does not help to try again. */
export function isRefusal(thrown: unknown): boolean {
  return chain(thrown).some(
    ({ name, type, code }) => name === 'KafkaJSSASLAuthenticationError' || REFUSED.test(type) || TLS_CODE.test(code),
  );
}

/** What brokers answer while one of them is away or has just come back. */
const PASSING = [
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'REQUEST_TIMED_OUT',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'KAFKA_STORAGE_ERROR',
];

/** Whether it is the brokers' state, not the request, that failed: waiting helps. */
export function isPassing(thrown: unknown): boolean {
  return isUnreachable(thrown) || PASSING.includes(protocolError(thrown));
}

/** Whether the broker refuses the times of our clock: so it does until somebody sets the clock. */
export function isWrongClock(thrown: unknown): boolean {
  return protocolError(thrown) === 'INVALID_TIMESTAMP';
}

/**
 * Whether the same will fail again and again until somebody changes something: a clock, a limit, a topic that is gone
 * (for a moment that is normal, when one was just made or gets another leader). Anything that is not known to pass.
 */
export function isHopeless(thrown: unknown): boolean {
  if (protocolError(thrown) === 'UNKNOWN_TOPIC_OR_PARTITION') return true;
  return !isPassing(thrown) && !chain(thrown).some(({ retriable }) => retriable);
}

const ADVICE = {
  user: 'Compare with the users of the broker, and with the listener that this port belongs to.',
  rights: 'Let an administrator of the broker add it: docs/kafka.md lists the rights.',
  certificate: "Compare with the listener of this port, and with the authority that signed the broker's certificate.",
  listener: 'Compare with the listener that this port belongs to.',
  address: 'Try the address from this machine; compare with advertised.listeners of the broker.',
  clock: 'Set the clock of this machine.',
} as const;

/** Says what failed at the broker, and what to do about it. `while_` completes "Kafka failed while …". */
export function kafkaError(thrown: unknown, brokers: string, while_: string): DailiesError {
  if (thrown instanceof DailiesError) return thrown;
  const errors = chain(thrown);
  const is = (test: (error: Known) => boolean): Known | undefined => errors.find(test);
  /** `todo` where the advice for all failures of the bus, to look at disks, would mislead. */
  const failed = (says: string, todo?: string): DailiesError =>
    new DailiesError('BUS_FAILED', `Kafka failed while ${while_}: ${says}`, {
      cause: thrown,
      ...(todo === undefined ? {} : { details: { todo } }),
    });

  const tooLarge = is(({ type }) => ROOM.includes(type));
  if (tooLarge)
    return new DailiesError(
      'BATCH_TOO_LARGE',
      'The broker refused a message for its size. Its topic needs max.message.bytes of 11 MiB: `dailies topics` shows what is set.',
      { cause: thrown },
    );
  if (isWrongClock(thrown))
    return failed(
      `the broker refuses the time of this record, ${new Date().toISOString()}: the clock of this machine is more than an hour ahead of the broker's. Set it (timedatectl set-ntp true) and start again; \`dailies doctor\` compares the two.`,
      ADVICE.clock,
    );
  const auth = is(
    ({ name, type }) => name === 'KafkaJSSASLAuthenticationError' || type === 'SASL_AUTHENTICATION_FAILED',
  );
  if (auth)
    return failed(
      'the broker refused to let us sign in. Check KAFKA_SASL_MECHANISM, KAFKA_USERNAME and the password.',
      ADVICE.user,
    );
  if (is(({ type }) => type === 'UNSUPPORTED_SASL_MECHANISM' || type === 'ILLEGAL_SASL_STATE'))
    return failed(
      'the broker does not offer this way to sign in. Check KAFKA_SASL_MECHANISM and the port in KAFKA_BROKERS.',
      ADVICE.user,
    );
  const denied = is(({ type }) => type.endsWith('AUTHORIZATION_FAILED'));
  if (denied) return failed(`the broker says ${denied.type}: its ACLs do not give our user this right.`, ADVICE.rights);
  const unknown = is(({ type }) => type === 'UNKNOWN_TOPIC_OR_PARTITION');
  if (unknown) return failed('a topic does not exist on the broker. `dailies topics` shows and makes them.');
  const few = is(({ type }) => type === 'INVALID_REPLICATION_FACTOR');
  if (few) return failed('there are fewer brokers than KAFKA_REPLICATION asks for.');
  const isr = is(({ type }) => type.startsWith('NOT_ENOUGH_REPLICAS'));
  if (isr) return failed('too few replicas are alive (min.insync.replicas); start the brokers that are down.');
  const tls = is(({ code }) => TLS_CODE.test(code));
  if (tls)
    return failed(
      `TLS with ${tls.broker || brokers} did not come about (${plain(tls.message)}). Check KAFKA_TLS, KAFKA_TLS_CA_FILE and the port in KAFKA_BROKERS.`,
      ADVICE.certificate,
    );
  if (is(({ message }) => message.endsWith(CLOSED_BY_US))) return failed('the bus was closed meanwhile.');
  const late = is(({ name }) => name === 'KafkaJSRequestTimeoutError');
  if (late)
    return failed(
      `${late.broker || brokers} did not answer in time (${plain(late.message)}). Is the broker alive, and the network between?`,
      ADVICE.address,
    );
  const closed = is(({ name }) => name === 'KafkaJSConnectionClosedError');
  if (closed)
    return failed(
      `${closed.broker || brokers} closed the connection. If the broker is up: does its port want TLS (KAFKA_TLS) or signing in (KAFKA_SASL_MECHANISM)?`,
      ADVICE.listener,
    );
  const connection = is(({ name }) => name === 'KafkaJSConnectionError');
  if (connection)
    return failed(
      `${connection.broker || brokers} cannot be reached (${connection.code || plain(connection.message)}). Is the broker up, and KAFKA_BROKERS right? Brokers also have to advertise an address that can be reached from here.`,
      ADVICE.address,
    );
  const last = errors.at(-1);
  if (isUnreachable(thrown) || is(({ name }) => name === 'KafkaJSGroupCoordinatorNotFound'))
    return failed(
      `no connection to ${brokers} at the moment (${plain(last?.message ?? '')}). Are the brokers up?`,
      ADVICE.address,
    );
  return failed(`${last?.type ? `${last.type}, ` : ''}${plain(last?.message ?? String(thrown))} (brokers: ${brokers})`);
}

const plain = (text: string): string => text.replace(/^Connection error: /, '').replace(/[.\s]+$/, '');
