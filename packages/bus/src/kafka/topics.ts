import { setTimeout as sleep } from 'node:timers/promises';
import { DailiesError, PARTITIONS } from '@dailies/contracts';
import { MAX_VALUE_BYTES } from '../port.ts';
import type { TopicRules } from '../rules.ts';
import { APPEND_TIME, appendTimeCommand, withCreateTime } from './append-time.ts';
import { protocolError } from './errors.ts';
import { type Admin, ConfigResourceTypes } from './kafkajs.ts';

/** What a topic has to be on the broker. */
export interface TopicSpec {
  readonly name: string;
  /** At least so many. Their number bounds how many workers are of use. */
  readonly partitions: number;
  /** Given at creation. Less than MIN_RETENTION_MS is refused. */
  readonly retentionMs: number;
  /** Given at creation; what is done is freed by whole segments. The broker's own when left out. */
  readonly segmentBytes?: number;
}

/** A topic as it is on the broker. */
export interface TopicState {
  readonly name: string;
  /** Made just now. */
  readonly created: boolean;
  /** 0 when it does not exist. */
  readonly partitions: number;
  readonly replicas: number;
  /** Its settings that matter to us, as the broker tells them; empty when they could not be read. */
  readonly settings: Readonly<Record<string, string>>;
  /** Why it would lose or truncate work; not used as long as there is one. */
  readonly problems: readonly string[];
  /** What could be better. */
  readonly notes: readonly string[];
}

const DAY_MS = 86_400_000;
/** Longer than the longest outage: a record that no service has taken in this time is lost. */
const WORK_RETENTION_MS = 14 * DAY_MS;
const MIN_RETENTION_MS = DAY_MS;
/** Some batches each. Kafka's default of 1 GiB would keep up to 60 GiB of what is done, in 60 partitions. */
const WORK_SEGMENT_BYTES = 64 * 1024 * 1024;
/** The largest value, and room for key and headers (the manifest of a batch lists each frame). */
export const MAX_MESSAGE_BYTES = MAX_VALUE_BYTES + 1024 * 1024;
/** Making a topic and finding leaders for it takes a broker a few 100 ms. */
const LEADERS_MS = 20_000;
const AGAIN_MS = 100;
const CHECKED = [
  'cleanup.policy',
  'retention.ms',
  'retention.bytes',
  'max.message.bytes',
  'min.insync.replicas',
  APPEND_TIME.name,
];

/** The topics of a bus as Kafka has to keep them. `defaultPartitions` is for topics that are none of the pipeline's. */
export function specsOf(rules: Readonly<Record<string, TopicRules>>, defaultPartitions: number): TopicSpec[] {
  const known: Readonly<Record<string, number>> = PARTITIONS;
  return Object.entries(rules).map(([name, { keep }]) => ({
    name,
    partitions: known[name] ?? defaultPartitions,
    ...(keep === 'until-acknowledged'
      ? { retentionMs: WORK_RETENTION_MS, segmentBytes: WORK_SEGMENT_BYTES }
      : { retentionMs: keep.forMs }),
  }));
}

export interface PrepareOptions {
  readonly create: boolean;
  readonly replication?: number | undefined;
  /** `host:port` of the brokers, for what an operator has to type. */
  readonly brokers: string;
  /** Lets topics stamp their records, as far as the broker allows it; done when `create` is given. */
  readonly setAppendTime?: (topics: readonly string[]) => Promise<boolean>;
}

/** Looks at the topics; with `create` makes those that are missing, and lets those stamp their records that do not. */
export async function prepareTopics(
  admin: Admin,
  specs: readonly TopicSpec[],
  options: PrepareOptions,
): Promise<TopicState[]> {
  const before = new Set(await admin.listTopics());
  const missing = specs.filter(({ name }) => !before.has(name));
  if (options.create && missing.length > 0) await create(admin, missing, options.replication);
  const there = options.create ? specs : specs.filter(({ name }) => before.has(name));
  const counts = await partitionsOf(admin, there);
  let settings = await settingsOf(admin, there);
  const unstamped = options.create ? withCreateTime(settings) : [];
  if (unstamped.length > 0 && (await options.setAppendTime?.(unstamped))) settings = stamped(settings, unstamped);
  return specs.map((spec) => {
    const { partitions, replicas } = counts.get(spec.name) ?? { partitions: 0, replicas: 0 };
    const found = settings?.get(spec.name) ?? {};
    const judged = judgeTopic(spec, { partitions, replicas, settings: found }, options.brokers);
    const notes =
      settings || partitions === 0
        ? judged.notes
        : ['our user may not read its settings (ACL DescribeConfigs), so they were not checked'];
    return {
      name: spec.name,
      created: options.create && !before.has(spec.name),
      partitions,
      replicas,
      settings: found,
      ...judged,
      notes,
    };
  });
}

/** As they are once these topics stamp; a broker may show the former value for a moment. */
function stamped(settings: Settings | null, topics: readonly string[]): Settings {
  const altered = new Map(settings);
  for (const topic of topics) altered.set(topic, { ...altered.get(topic), [APPEND_TIME.name]: APPEND_TIME.value });
  return altered;
}

/** @throws DailiesError BUS_FAILED when one of the topics would lose or truncate work, or does not exist */
export function requireTopics(states: readonly TopicState[]): void {
  const bad = states.filter(({ problems }) => problems.length > 0);
  if (bad.length === 0) return;
  const reasons = bad.map(({ name, problems }) => `${name}: ${problems.join('; ')}`).join('. ');
  const todo = '`dailies topics` shows them; `dailies topics --create` makes those that are missing.';
  throw new DailiesError('BUS_FAILED', `Kafka's topics do not serve. ${reasons}.`, { details: { todo } });
}

async function create(admin: Admin, specs: readonly TopicSpec[], replication: number | undefined): Promise<void> {
  const insync = replication !== undefined && replication >= 3 ? { 'min.insync.replicas': '2' } : {};
  // Another service may make them at the same time; that is as good.
  await admin.createTopics({
    waitForLeaders: false,
    timeout: LEADERS_MS,
    topics: specs.map(({ name, partitions, retentionMs, segmentBytes }) => ({
      topic: name,
      numPartitions: partitions,
      ...(replication === undefined ? {} : { replicationFactor: replication }),
      configEntries: Object.entries({
        'cleanup.policy': 'delete',
        'retention.ms': String(retentionMs),
        'retention.bytes': '-1',
        'max.message.bytes': String(MAX_MESSAGE_BYTES),
        [APPEND_TIME.name]: APPEND_TIME.value,
        ...(segmentBytes === undefined ? {} : { 'segment.bytes': String(segmentBytes) }),
        ...insync,
      }).map(([key, value]) => ({ name: key, value })),
    })),
  });
}

async function partitionsOf(
  admin: Admin,
  specs: readonly TopicSpec[],
): Promise<Map<string, { partitions: number; replicas: number }>> {
  if (specs.length === 0) return new Map();
  const { topics } = await whenLed(admin, specs);
  return new Map(
    topics.map(({ name, partitions }) => [
      name,
      { partitions: partitions.length, replicas: Math.min(...partitions.map(({ replicas }) => replicas.length)) },
    ]),
  );
}

/** Topics that were just made are unknown or without leaders for a moment. */
async function whenLed(admin: Admin, specs: readonly TopicSpec[]): ReturnType<Admin['fetchTopicMetadata']> {
  const since = performance.now();
  for (;;) {
    try {
      return await admin.fetchTopicMetadata({ topics: specs.map(({ name }) => name) });
    } catch (thrown) {
      const young = ['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE'].includes(protocolError(thrown));
      if (!young || performance.now() - since > LEADERS_MS) throw thrown;
      await sleep(AGAIN_MS);
    }
  }
}

/** By topic. */
type Settings = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** Null when our user has no right to read them. */
async function settingsOf(admin: Admin, specs: readonly TopicSpec[]): Promise<Settings | null> {
  if (specs.length === 0) return new Map();
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: specs.map(({ name }) => ({ type: ConfigResourceTypes.TOPIC, name, configNames: CHECKED })),
    });
    return new Map(
      resources.map(({ resourceName, configEntries }) => [
        resourceName,
        Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue])),
      ]),
    );
  } catch (thrown) {
    if (protocolError(thrown).endsWith('AUTHORIZATION_FAILED')) return null;
    throw thrown;
  }
}

/** Whether work is safe in a topic. Settings that are not known are not judged. Pure. */
export function judgeTopic(
  spec: TopicSpec,
  found: Pick<TopicState, 'partitions' | 'replicas' | 'settings'>,
  brokers: string,
): { problems: string[]; notes: string[] } {
  const { partitions, replicas, settings } = found;
  if (partitions === 0) return { problems: ['it does not exist; `dailies topics --create` makes it'], notes: [] };
  const problems: string[] = [];
  const notes: string[] = [];
  if (partitions < spec.partitions)
    problems.push(
      `it has ${partitions} partitions and needs ${spec.partitions}: kafka-topics.sh --alter --partitions ${spec.partitions}`,
    );
  const policy = settings['cleanup.policy'];
  if (policy !== undefined && policy !== 'delete')
    problems.push(`cleanup.policy is ${policy}, which would drop records that are still needed; it has to be delete`);
  const bytes = settings['retention.bytes'];
  if (bytes !== undefined && bytes !== '-1')
    problems.push(
      `retention.bytes is ${bytes}, so that the oldest work is dropped when there is much; it has to be -1`,
    );
  const largest = Number(settings['max.message.bytes'] ?? MAX_MESSAGE_BYTES);
  if (largest < MAX_MESSAGE_BYTES)
    problems.push(`max.message.bytes is ${largest}, too small for large batches; it has to be ${MAX_MESSAGE_BYTES}`);
  const retention = Number(settings['retention.ms'] ?? spec.retentionMs);
  const forever = retention < 0;
  if (!forever && retention < Math.min(MIN_RETENTION_MS, spec.retentionMs))
    problems.push(
      `retention.ms is ${retention}: work that waits longer would be lost; it has to be a day at least, better ${spec.retentionMs}`,
    );
  else if (!forever && retention < spec.retentionMs)
    notes.push(`retention.ms is ${retention}; ${spec.retentionMs} is recommended`);
  const insync = Number(settings['min.insync.replicas'] ?? 1);
  if (insync > replicas)
    problems.push(`min.insync.replicas is ${insync} with ${replicas} replicas, so that nothing could be published`);
  else if (replicas >= 3 && insync < 2) notes.push('min.insync.replicas is 1; with 3 replicas, 2 is safer');
  const stamps = settings[APPEND_TIME.name] ?? APPEND_TIME.value;
  if (stamps !== APPEND_TIME.value)
    notes.push(
      `${APPEND_TIME.name} is ${stamps}: what a machine sends whose clock is an hour ahead is refused. Better: ${appendTimeCommand(spec.name, brokers)}`,
    );
  return { problems, notes };
}
