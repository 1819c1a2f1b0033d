import { Partitioners } from 'kafkajs';
import { type Connection, connectionOf, type KafkaSettings } from './kafka/connection.ts';
import { kafkaError } from './kafka/errors.ts';
import type { BusLog } from './settings.ts';

/** What a broker's clock said, between two looks at ours; all ms since 1970. */
export interface BrokerClock {
  readonly beforeMs: number;
  readonly brokerMs: number;
  readonly afterMs: number;
}

export interface BrokerClockOptions {
  readonly clientId: string;
  readonly log?: BusLog | undefined;
  readonly now: () => number;
}

/** No answer of Kafka tells the time, but a topic can be told to stamp its records with the broker's. No work is in it. */
export const CLOCK_TOPIC = 'dailies.clock';
const HOUR_MS = 3_600_000;

/**
 * Writes two small records into a topic of its own, which is made when it is missing, and reads their stamps.
 * @returns null when the topic does not stamp, because somebody else made it
 * @throws DailiesError BUS_FAILED, also when our user may not make or write the topic
 */
export async function brokerClock(settings: KafkaSettings, options: BrokerClockOptions): Promise<BrokerClock | null> {
  const connection = connectionOf(settings, options);
  try {
    await makeTopic(connection);
    return await ask(connection, options.now);
  } catch (thrown) {
    throw kafkaError(thrown, connection.brokers, `asking for the time by way of ${CLOCK_TOPIC}`);
  } finally {
    connection.destroy();
  }
}

async function makeTopic(connection: Connection): Promise<void> {
  const admin = connection.client().admin();
  await admin.connect();
  try {
    if ((await admin.listTopics()).includes(CLOCK_TOPIC)) return;
    const configEntries = [
      { name: 'message.timestamp.type', value: 'LogAppendTime' },
      { name: 'retention.ms', value: String(HOUR_MS) },
    ];
    await admin.createTopics({ topics: [{ topic: CLOCK_TOPIC, numPartitions: 1, configEntries }] });
  } finally {
    await admin.disconnect();
  }
}

async function ask(connection: Connection, now: () => number): Promise<BrokerClock | null> {
  const producer = connection.client().producer({
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  try {
    const send = () => producer.send({ topic: CLOCK_TOPIC, acks: 1, messages: [{ value: null }] });
    // The first one also finds out who leads the topic; only the second is a matter of one answer.
    await send();
    const beforeMs = now();
    const [stamp] = await send();
    const brokerMs = Number(stamp?.logAppendTime ?? -1);
    return brokerMs < 0 ? null : { beforeMs, brokerMs, afterMs: now() };
  } finally {
    await producer.disconnect();
  }
}
