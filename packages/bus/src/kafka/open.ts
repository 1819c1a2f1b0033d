import type { Bus } from '../port.ts';
import type { TopicRules } from '../rules.ts';
import type { OpenBusOptions } from '../settings.ts';
import { DAILIES_TOPICS } from '../topics.ts';
import { setAppendTime } from './append-time.ts';
import { createKafkaBus } from './bus.ts';
import { connectionOf, type KafkaSettings } from './connection.ts';
import { reach } from './reach.ts';
import { prepareTopics, requireTopics, specsOf, type TopicState } from './topics.ts';
import type { KafkaTuning } from './tuning.ts';

/** For tests: other topics than the pipeline's, shorter times. */
export interface KafkaExtras {
  readonly topics?: Readonly<Record<string, TopicRules>>;
  /** Partitions of topics that are none of the pipeline's. */
  readonly defaultPartitions?: number;
  readonly tuning?: Partial<KafkaTuning>;
}

const DEFAULT_WAIT_MS = 15_000;

/**
 * Opens the bus on Kafka: waits for a broker, makes or checks the topics.
 * @throws DailiesError CONFIG_INVALID; BUS_FAILED when no broker answers for `waitForBrokerMs`, refuses us, or has topics
 * that would lose work
 */
export async function openKafka(
  settings: KafkaSettings,
  options: OpenBusOptions,
  extras: KafkaExtras = {},
): Promise<Bus> {
  const { clientId, readOnly = false, log, onError, onEnd, waitForBrokerMs = DEFAULT_WAIT_MS } = options;
  const { topics = DAILIES_TOPICS, defaultPartitions = 1, tuning = {} } = extras;
  const connection = connectionOf(settings, { clientId, log });
  const admin = connection.client().admin();
  try {
    const states = await reach(connection.brokers, { waitForBrokerMs, log }, async () => {
      await admin.connect();
      return prepareTopics(admin, specsOf(topics, defaultPartitions), {
        create: settings.kafkaCreateTopics && !readOnly,
        replication: settings.kafkaReplication,
        brokers: connection.brokers,
        setAppendTime: (names) => setAppendTime(connection, names, log),
      });
    });
    requireTopics(states);
    for (const { name, created, partitions, notes } of states) {
      if (created) log?.info({ topic: name, partitions }, 'kafka: topic made');
      for (const note of notes) log?.warn({ topic: name }, `kafka: ${note}`);
    }
    const partitions = new Map(states.map((state) => [state.name, state.partitions]));
    return await createKafkaBus({
      settings,
      clientId,
      topics,
      partitions,
      readOnly,
      patienceMs: waitForBrokerMs,
      tuning,
      log,
      onError,
      onEnd,
      admin,
      connection,
    });
  } catch (error) {
    await admin.disconnect().catch(() => {});
    connection.destroy();
    throw error;
  }
}

export interface TopicsOptions extends Pick<OpenBusOptions, 'clientId' | 'log' | 'waitForBrokerMs'> {
  /** Make those that are missing, and let those stamp their records that do not. */
  readonly create: boolean;
}

/** See `kafkaTopics`. */
export async function lookAtTopics(settings: KafkaSettings, options: TopicsOptions): Promise<TopicState[]> {
  const { clientId, log, waitForBrokerMs = 0, create } = options;
  const connection = connectionOf(settings, { clientId, log });
  const admin = connection.client().admin();
  try {
    return await reach(connection.brokers, { waitForBrokerMs, log }, async () => {
      await admin.connect();
      return prepareTopics(admin, specsOf(DAILIES_TOPICS, 1), {
        create,
        replication: settings.kafkaReplication,
        brokers: connection.brokers,
        setAppendTime: (names) => setAppendTime(connection, names, log),
      });
    });
  } finally {
    await admin.disconnect().catch(() => {});
    connection.destroy();
  }
}
