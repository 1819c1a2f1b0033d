import type { TestContext } from 'node:test';
import type { DailiesError } from '@dailies/contracts';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import type { Broker } from '../../../../test/helpers/kafka.ts';
import type { MakeBus } from '../../src/conformance.ts';
import type { KafkaSettings } from '../../src/kafka/connection.ts';
import { type KafkaExtras, openKafka } from '../../src/kafka/open.ts';
import { quietRequestQueues } from '../../src/kafka/quiet-queue.ts';
import type { Bus } from '../../src/port.ts';

/** Short enough for tests, long enough for a busy test machine to be heard of in time. */
export const QUICK = {
  sessionTimeoutMs: 8000,
  heartbeatMs: 200,
  rebalanceTimeoutMs: 10_000,
  fetchWaitMs: 100,
  abortGraceMs: 100,
};

/** A broker that restarts on a busy machine takes a while. */
const PATIENCE_MS = 240_000;

export function settingsFor(brokers: string): KafkaSettings {
  return { busPath: '', kafkaBrokers: brokers, kafkaCreateTopics: true, kafkaDeleteDone: true, kafkaTls: false };
}

interface ChildOptions {
  readonly brokers: string;
  readonly extras: KafkaExtras;
}

/** For a child process; see src/conformance/child.ts. */
export async function openBus({ brokers, extras }: ChildOptions): Promise<Bus> {
  return openKafka(settingsFor(brokers), { clientId: 'test', waitForBrokerMs: PATIENCE_MS }, extras);
}

/** Opens a bus with these topics, of four partitions each, for a test that needs to hear its errors. */
export async function openTestBus(
  brokers: string,
  topics: NonNullable<KafkaExtras['topics']>,
  onError: (error: DailiesError) => void,
  onEnd?: (error: DailiesError) => void,
): Promise<Bus> {
  const options = { clientId: 'test', waitForBrokerMs: PATIENCE_MS, onError, ...(onEnd ? { onEnd } : {}) };
  const tuning = { ...QUICK, topicsEveryMs: 200, hopelessMs: 1500 };
  return openKafka(settingsFor(brokers), options, { topics, defaultPartitions: 4, tuning });
}

/** What an operator's own tools see and do. */
export async function plainAdmin(t: TestContext, address: string): Promise<Admin> {
  quietRequestQueues(); // ours are in the same process
  const admin = new Kafka({ clientId: 'plain', brokers: [address], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  t.after(() => admin.disconnect());
  return admin;
}

/** A bus on a broker that tests share: the names of their topics are their own. */
export const makeKafkaBus =
  (broker: () => Promise<Pick<Broker, 'address'>>, tuning: KafkaExtras['tuning'] = {}): MakeBus =>
  async (t, topics) => {
    const opened: Bus[] = [];
    t.after(() => Promise.all(opened.map((bus) => bus.close())));
    const { address } = await broker();
    const extras = { topics, defaultPartitions: 4, tuning: { ...QUICK, ...tuning } };
    return {
      expiryMs: extras.tuning.sessionTimeoutMs,
      forChild: { module: import.meta.url, options: { brokers: address, extras } },
      async open() {
        const bus = await openBus({ brokers: address, extras });
        opened.push(bus);
        return bus;
      },
    };
  };
