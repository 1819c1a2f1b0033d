import { setTimeout as sleep } from 'node:timers/promises';
import { DailiesError } from '@dailies/contracts';
import { type Message, Partitioners, type Producer } from 'kafkajs';
import { MAX_VALUE_BYTES, type OutgoingMessage } from '../port.ts';
import type { Connection } from './connection.ts';
import { isPassing, isWrongClock, kafkaError } from './errors.ts';
import { encodeMessage } from './records.ts';

export interface Publisher {
  /** @throws DailiesError MESSAGE_INVALID, BATCH_TOO_LARGE when the bus would not take these messages */
  check(messages: readonly OutgoingMessage[]): void;
  /** @throws DailiesError as `Bus.publish` */
  publish(messages: readonly OutgoingMessage[]): Promise<void>;
  close(): Promise<void>;
}

/** Small messages for one partition travel together up to this size: a broker takes what is sent at once as one batch. */
const REQUEST_BYTES = 1024 * 1024;
/** The broker may take so long until all replicas have it. */
const ACK_TIMEOUT_MS = 30_000;
const RETRY = { initialRetryTime: 100, maxRetryTime: 2000, retries: 12 };

interface Request {
  readonly topic: string;
  readonly partition: number;
  readonly messages: Message[];
  bytes: number;
}

/** Between tries while no broker takes anything. */
const AGAIN_MS = 500;

export interface PublisherOptions {
  /** How many partitions each topic has. */
  readonly partitions: ReadonlyMap<string, number>;
  /** How long brokers that are away are waited for. It costs a record no attempt that they are. */
  readonly patienceMs: number;
  /** How long a clock that the broker does not believe is borne with: it may be set at this moment. */
  readonly hopelessMs: number;
  /** Told of what is tried again. */
  report(error: DailiesError): void;
  /** Told when this process will never publish again. */
  end(error: DailiesError): void;
}

/**
 * Sends messages with acks=-1, in their order: each request waits for the one before it, so a later message is never
 * durable before an earlier one. Sending of different callers to one partition is put in a row as well, for the order of
 * a key is the order of the calls.
 */
export async function createPublisher(
  connection: Connection,
  { partitions, patienceMs, hopelessMs, report, end }: PublisherOptions,
): Promise<Publisher> {
  let closed = false;
  const partitionOf = Partitioners.DefaultPartitioner();
  const producer: Producer = connection.client().producer({
    // Brokers that make topics by themselves make them with settings that would lose work.
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
    retry: RETRY,
  });
  await producer.connect();
  const tails = new Map<string, Promise<unknown>>();

  const countOf = (topic: string): number => {
    const count = partitions.get(topic);
    if (count === undefined)
      throw new DailiesError('MESSAGE_INVALID', `The bus has no topic ${topic}. Do all services run the same version?`);
    return count;
  };

  const check = (messages: readonly OutgoingMessage[]): void => {
    for (const { topic, partition, value } of messages) {
      const count = countOf(topic);
      if (partition !== undefined && !(Number.isInteger(partition) && partition >= 0 && partition < count))
        throw new DailiesError(
          'MESSAGE_INVALID',
          `Topic ${topic} has ${count} partitions; there is no partition ${partition}.`,
        );
      if (value.byteLength <= MAX_VALUE_BYTES) continue;
      throw new DailiesError(
        'BATCH_TOO_LARGE',
        `A message of ${value.byteLength} bytes for ${topic} was refused; the bus takes ${MAX_VALUE_BYTES}.`,
      );
    }
  };

  const requestsOf = (messages: readonly OutgoingMessage[]): Request[] => {
    const requests: Request[] = [];
    for (const message of messages) {
      const { topic, key, value } = message;
      const partitionMetadata = new Array(countOf(topic));
      const partition = message.partition ?? partitionOf({ topic, partitionMetadata, message: { key, value: null } });
      const encoded = encodeMessage(message, partition);
      const last = requests.at(-1);
      if (last?.topic === topic && last.partition === partition && last.bytes + value.byteLength <= REQUEST_BYTES) {
        last.messages.push(encoded);
        last.bytes += value.byteLength;
      } else requests.push({ topic, partition, messages: [encoded], bytes: value.byteLength });
    }
    return requests;
  };

  const send = async ({ topic, messages }: Request): Promise<void> => {
    const since = performance.now();
    for (;;) {
      try {
        await producer.send({ topic, messages, acks: -1, timeout: ACK_TIMEOUT_MS });
        return;
      } catch (thrown) {
        const error = kafkaError(thrown, connection.brokers, `publishing to ${topic}`);
        const waitedMs = performance.now() - since;
        const wrongClock = isWrongClock(thrown);
        if (wrongClock && !closed && waitedMs >= hopelessMs) end(error);
        const bearMs = wrongClock ? Math.min(hopelessMs, patienceMs) : isPassing(thrown) ? patienceMs : 0;
        if (closed || waitedMs >= bearMs) throw error;
        report(error);
        await sleep(AGAIN_MS);
      }
    }
  };

  /** Waits for what was called earlier for the same partition, however that ended. */
  const inRow = (request: Request): Promise<void> => {
    const name = `${request.topic}/${request.partition}`;
    const before = tails.get(name) ?? Promise.resolve();
    const sent = before.then(() => send(request));
    const tail = sent
      .catch(() => {})
      .then(() => {
        if (tails.get(name) === tail) tails.delete(name);
      });
    tails.set(name, tail);
    return sent;
  };

  return {
    check,
    async publish(messages) {
      check(messages);
      for (const request of requestsOf(messages)) await inRow(request);
    },
    close() {
      closed = true;
      return producer.disconnect();
    },
  };
}
