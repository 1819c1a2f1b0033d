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
  // kafkajs takes a while to load; who does not use Kafka does without.
  const { openKafka } = await import('./kafka/open.ts');
  return openKafka({ ...settings, kafkaBrokers: settings.kafkaBrokers }, options);
}
