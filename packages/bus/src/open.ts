import type { BrokerClock, BrokerClockOptions } from './broker-clock.ts';
import type { KafkaSettings } from './kafka/connection.ts';
import type { TopicsOptions } from './kafka/open.ts';
import type { TopicState } from './kafka/topics.ts';
import type { Bus } from './port.ts';
import type { BusSettings, OpenBusOptions } from './settings.ts';
import { openSqliteBus } from './sqlite/bus.ts';
import { DAILIES_TOPICS } from './topics.ts';

/**
 * Opens the bus that the settings name: Kafka when there are brokers, else the embedded one.
 * @throws DailiesError BUS_FAILED, PERMISSION_DENIED, DISK_FULL, CONFIG_INVALID
 */
export async function openBus(settings: BusSettings, options: OpenBusOptions): Promise<Bus> {
  const { readOnly = false, onError = () => {} } = options;
  if (settings.kafkaBrokers === undefined)
    return openSqliteBus({ path: settings.busPath, topics: DAILIES_TOPICS, readOnly, onError });
  const { openKafka } = await loadKafka();
  return openKafka({ ...settings, kafkaBrokers: settings.kafkaBrokers }, options);
}

/**
 * The pipeline's topics as they are on the broker; those that are missing are made when `create` is set. For `dailies topics`.
 * @throws DailiesError CONFIG_INVALID, BUS_FAILED
 */
export async function kafkaTopics(settings: KafkaSettings, options: TopicsOptions): Promise<TopicState[]> {
  const { lookAtTopics } = await loadKafka();
  return lookAtTopics(settings, options);
}

/**
 * What time it is for a broker, by way of a topic of its own, which is made when it is missing. For `dailies doctor`.
 * @returns null when it cannot be told
 * @throws DailiesError CONFIG_INVALID, BUS_FAILED
 */
export async function brokerClock(settings: KafkaSettings, options: BrokerClockOptions): Promise<BrokerClock | null> {
  const { brokerClock: ask } = await import('./broker-clock.ts');
  return ask(settings, options);
}

/** kafkajs takes a while to load; who does not use Kafka does without. */
function loadKafka() {
  return import('./kafka/open.ts');
}
