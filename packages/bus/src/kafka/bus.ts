import { DailiesError } from '@dailies/contracts';
import type { Admin } from 'kafkajs';
import { systemClock } from '../clock.ts';
import type { Bus, ConsumeOptions, Tail } from '../port.ts';
import { createReporter } from '../reporter.ts';
import type { TopicRules } from '../rules.ts';
import type { BusLog } from '../settings.ts';
import { type Connection, connectionOf, type KafkaSettings } from './connection.ts';
import { type KafkaConsumer, startConsumer } from './consumer.ts';
import { kafkaError } from './errors.ts';
import { lagOf, readCommitted, waitingIn } from './lag.ts';
import { startMembership } from './membership.ts';
import { createPublisher, type Publisher } from './publisher.ts';
import { watchTopics } from './same-topics.ts';
import { startTail } from './tail.ts';
import { createTrimmer } from './trim.ts';
import { DEFAULT_TUNING, type KafkaTuning } from './tuning.ts';
import { within } from './within.ts';

export interface KafkaBusOptions {
  readonly settings: KafkaSettings;
  readonly clientId: string;
  /** All topics that are used, with how many partitions each has on the broker. */
  readonly topics: Readonly<Record<string, TopicRules>>;
  readonly partitions: ReadonlyMap<string, number>;
  readonly readOnly: boolean;
  /** How long brokers that are away are waited for when something is published. */
  readonly patienceMs: number;
  readonly tuning?: Partial<KafkaTuning>;
  readonly log?: BusLog | undefined;
  readonly onError?: ((error: DailiesError) => void) | undefined;
  readonly onEnd?: ((error: DailiesError) => void) | undefined;
  /** Connected; the bus closes it. */
  readonly admin: Admin;
  readonly connection: Connection;
}

/** kafkajs waits for all answers before it ends a connection; those of a broker that gives none must not hold up a stop. */
const CLOSE_MS = 2000;

/** The bus on Kafka, when the broker is there and its topics are right: see `openKafka`. */
export async function createKafkaBus(options: KafkaBusOptions): Promise<Bus> {
  const { settings, clientId, topics, partitions, readOnly, patienceMs, log, admin, connection } = options;
  const tuning = { ...DEFAULT_TUNING, ...options.tuning };
  const { brokers } = connection;
  const consumers = new Map<KafkaConsumer, ConsumeOptions>();
  const tails = new Set<Tail>();
  const report = createReporter(options.onError ?? (() => {}), systemClock);
  let closing: Promise<void> | null = null;
  let ended = false;
  const end = (error: DailiesError): void => {
    if (ended || closing) return;
    ended = true;
    options.onEnd?.(error);
  };
  const publisher: Publisher | null = readOnly
    ? null
    : await createPublisher(connection, { partitions, patienceMs, hopelessMs: tuning.hopelessMs, report, end }).catch(
        (thrown: unknown) => {
          throw kafkaError(thrown, brokers, 'connecting');
        },
      );

  const own = (patient = true): Connection => connectionOf(settings, { clientId, log, patient });
  const unwatch = options.onEnd
    ? watchTopics({
        connection: own(false),
        topics: Object.keys(topics),
        everyMs: tuning.topicsEveryMs,
        goneMs: tuning.hopelessMs,
        now: () => performance.now(),
        onEnd: end,
        log,
      })
    : null;

  const requireOpen = (): void => {
    if (closing) throw new DailiesError('BUS_FAILED', `The bus on ${brokers} is closed.`);
  };
  const writing = (): Publisher => {
    requireOpen();
    if (!publisher) throw new DailiesError('BUS_FAILED', `The bus on ${brokers} is open for reading alone.`);
    return publisher;
  };
  const rulesOf = (topic: string): TopicRules => {
    const rules = Object.hasOwn(topics, topic) ? topics[topic] : undefined;
    if (!rules)
      throw new DailiesError('MESSAGE_INVALID', `The bus has no topic ${topic}. Do all services run the same version?`);
    return rules;
  };
  const trimmer = settings.kafkaDeleteDone ? createTrimmer({ admin, everyMs: tuning.trimMs, log }) : null;
  const consume = async (what: ConsumeOptions): Promise<KafkaConsumer> => {
    const { topic, group } = what;
    const rules = rulesOf(topic);
    const consumer: KafkaConsumer = await startConsumer(what, {
      publisher: writing(),
      tuning,
      brokers,
      maxDeaths: rules.deaths ?? what.attempts + 2,
      waiting: (of) => waitingIn(admin, topic, group, of),
      log,
      report,
      ended: () => consumers.delete(consumer),
      join: (callbacks) =>
        startMembership(
          { topic, group, slots: what.concurrency },
          {
            connection: own(),
            tuning,
            log,
            report,
            readCommitted: () => readCommitted(admin, group, topic),
            ...callbacks,
          },
        ),
    });
    consumers.set(consumer, what);
    trimmer?.start(topic, rules, group);
    return consumer;
  };

  /** Each topic with the groups that it names, and those that consume here. */
  const groupsOf = (): [topic: string, group: string][] => {
    const pairs = Object.entries(topics).flatMap(([topic, { groups }]) =>
      groups.map((group) => [topic, group] as const),
    );
    const here = [...consumers.values()].map(({ topic, group }) => [topic, group] as const);
    return [
      ...new Map(
        [...pairs, ...here].map(([topic, group]) => [`${topic}\0${group}`, [topic, group] as [string, string]]),
      ).values(),
    ];
  };
  const busyOf = (topic: string, group: string): Set<number> =>
    new Set(
      [...consumers].flatMap(([consumer, of]) => (of.topic === topic && of.group === group ? consumer.busy() : [])),
    );

  const close = async (): Promise<void> => {
    trimmer?.stop();
    await Promise.all([...consumers.keys()].map((consumer) => consumer.stop({ drainMs: 0 })));
    await Promise.all([...tails].map((tail) => tail.close()));
    await within(CLOSE_MS, Promise.allSettled([publisher?.close(), admin.disconnect(), unwatch?.()]));
    connection.destroy();
  };

  return {
    async publish(messages) {
      await writing().publish(messages);
    },
    async consume(what) {
      return consume(what);
    },
    async tail(topic, onRecord, tailOptions = {}) {
      requireOpen();
      rulesOf(topic);
      return startTail(topic, onRecord, tailOptions, { connection: own(), report, open: tails });
    },
    async lag() {
      requireOpen();
      try {
        return await Promise.all(groupsOf().map(([topic, group]) => lagOf(admin, topic, group, busyOf(topic, group))));
      } catch (thrown) {
        throw kafkaError(thrown, brokers, 'asking where work waits');
      }
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}
