import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '../port.ts';
import type { TopicRules } from '../rules.ts';
import type { BusLog, OpenBusOptions } from '../settings.ts';
import { DAILIES_TOPICS } from '../topics.ts';
import { createKafkaBus } from './bus.ts';
import { type Connection, connectionOf, type KafkaSettings } from './connection.ts';
import { isPassing, kafkaError, protocolError } from './errors.ts';
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
const AGAIN_MS = 1000;
const FEW_BROKERS_MS = 60_000;
/** Between lines that say that the broker is waited for. */
const SAY_EVERY_MS = 5000;

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
  const { clientId, readOnly = false, log, onError, waitForBrokerMs = DEFAULT_WAIT_MS } = options;
  const { topics = DAILIES_TOPICS, defaultPartitions = 1, tuning = {} } = extras;
  const connection = connectionOf(settings, { clientId, log });
  const admin = connection.client().admin();
  try {
    const states = await reach(connection, { waitForBrokerMs, log }, async () => {
      await admin.connect();
      return prepareTopics(admin, specsOf(topics, defaultPartitions), {
        create: settings.kafkaCreateTopics && !readOnly,
        replication: settings.kafkaReplication,
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
  /** Make those that are missing. */
  readonly create: boolean;
}

/** See `kafkaTopics`. */
export async function lookAtTopics(settings: KafkaSettings, options: TopicsOptions): Promise<TopicState[]> {
  const { clientId, log, waitForBrokerMs = 0, create } = options;
  const connection = connectionOf(settings, { clientId, log });
  const admin = connection.client().admin();
  try {
    return await reach(connection, { waitForBrokerMs, log }, async () => {
      await admin.connect();
      return prepareTopics(admin, specsOf(DAILIES_TOPICS, 1), { create, replication: settings.kafkaReplication });
    });
  } finally {
    await admin.disconnect().catch(() => {});
    connection.destroy();
  }
}

/** A first contact. Brokers that are not there yet are waited for: services and brokers are often started together. */
async function reach<T>(
  connection: Connection,
  { waitForBrokerMs, log }: { readonly waitForBrokerMs: number; readonly log: BusLog | undefined },
  contact: () => Promise<T>,
): Promise<T> {
  const since = performance.now();
  let saidAt = Number.NEGATIVE_INFINITY;
  for (;;) {
    try {
      return await contact();
    } catch (thrown) {
      const error = kafkaError(thrown, connection.brokers, 'connecting');
      const waitedMs = performance.now() - since;
      // Of three brokers the first ones may be up; that there are too few of them is a mistake only after a while.
      const patienceMs = isPassing(thrown)
        ? waitForBrokerMs
        : protocolError(thrown) === 'INVALID_REPLICATION_FACTOR'
          ? Math.min(waitForBrokerMs, FEW_BROKERS_MS)
          : 0;
      if (waitedMs >= patienceMs) throw error;
      if (performance.now() - saidAt >= SAY_EVERY_MS) {
        saidAt = performance.now();
        log?.warn({ waitedMs: Math.round(waitedMs) }, `Kafka is waited for: ${error.message}`);
      }
      await sleep(AGAIN_MS);
    }
  }
}
