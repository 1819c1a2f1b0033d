import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { openBus, type TopicState } from '@dailies/bus';
import { encodeEvent } from '@dailies/contracts';
import { busCheck } from '../../src/doctor/bus.ts';
import { eventsOf, temporaryFolder } from '../helpers.ts';
import { inputOf, levels } from './input.ts';

test('no bus yet, one that answers, and one that is damaged', async (t) => {
  const input = inputOf(temporaryFolder(t));
  assert.match((await busCheck.run(input))[0]?.found ?? '', /is made at the first start/);
  const bus = await openBus(input.config, { clientId: 'test' });
  await bus.publish([encodeEvent(eventsOf(1).found())]);
  await bus.close();
  const [answers] = await busCheck.run(input);
  assert.deepEqual(levels([answers].filter((line) => line !== undefined)), ['ok bus']);
  assert.match(answers?.found ?? '', /answers; 0 records wait, 0 are in hand/);
  const other = inputOf(temporaryFolder(t));
  mkdirSync(dirname(other.config.busPath), { recursive: true });
  writeFileSync(other.config.busPath, 'this is no database, and it is long enough to be looked at as one'.repeat(50));
  assert.deepEqual(levels(await busCheck.run(other)), ['fail bus']);
});

test('a bus that cannot be reached is a line, not an error', async (t) => {
  const input = inputOf(temporaryFolder(t), { env: { KAFKA_BROKERS: 'kafka:9092' } });
  const refused = () => Promise.reject(new Error('connect ECONNREFUSED'));
  const [line] = await busCheck.run({ ...input, openBus: refused, kafkaTopics: refused });
  assert.equal(line?.level, 'fail');
  assert.match(line?.found ?? '', /Kafka at kafka:9092: .*ECONNREFUSED/);
  assert.match(line?.todo ?? '', /KAFKA_BROKERS/);
});

/** A topic as it should be, but for this. */
const topic = (name: string, over: Partial<TopicState> = {}): TopicState => ({
  name,
  created: false,
  partitions: 12,
  replicas: 1,
  settings: {},
  problems: [],
  notes: [],
  ...over,
});

test('Kafka: topics that would lose work, that could be better, and that are not there yet', async (t) => {
  const embedded = inputOf(temporaryFolder(t));
  const bus = await openBus(embedded.config, { clientId: 'test' });
  t.after(() => bus.close());
  const of = async (states: TopicState[], env: Record<string, string> = {}) => {
    const input = inputOf(temporaryFolder(t), { env: { KAFKA_BROKERS: 'kafka:9092', ...env } });
    return levels(await busCheck.run({ ...input, openBus: embedded.openBus, kafkaTopics: async () => states }));
  };
  assert.deepEqual(await of([topic('a'), topic('b')]), ['ok bus', 'ok topics']);
  assert.deepEqual(await of([topic('a', { problems: ['compacted'] }), topic('b')]), ['ok bus', 'fail topics']);
  assert.deepEqual(await of([topic('a', { notes: ['short'] })]), ['ok bus', 'warn topics']);
  assert.deepEqual(await of([topic('a', { partitions: 0, problems: ['missing'] })]), ['ok bus', 'ok topics']);
  const off = { KAFKA_CREATE_TOPICS: 'false' };
  assert.deepEqual(await of([topic('a', { partitions: 0, problems: ['missing'] })], off), ['ok bus', 'fail topics']);
});

test('a file in the place of the bus’s folder', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'file'), '');
  const input = inputOf(folder, { env: { BUS_PATH: join(folder, 'file', 'bus.sqlite') } });
  assert.deepEqual(levels(await busCheck.run(input)), ['fail bus']);
});
