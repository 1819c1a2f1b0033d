import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TopicState } from '@dailies/bus';
import { topics, topicsText } from '../src/commands/topics.ts';
import { fakeContext } from './helpers.ts';

const GOOD: TopicState = {
  name: 'dailies.events',
  created: false,
  partitions: 12,
  replicas: 3,
  settings: {},
  problems: [],
  notes: [],
};
const COMPACTED: TopicState = { ...GOOD, name: 'dailies.graded', problems: ['cleanup.policy is compact'] };

test('a table says which topics serve; below it stands what is wrong', () => {
  const noted = { ...GOOD, name: 'dailies.recordings', notes: ['with 3 replicas, 2 is safer'] };
  assert.equal(
    topicsText([GOOD, { ...GOOD, name: 'dailies.frame-batches', created: true, partitions: 48 }, COMPACTED, noted]),
    `topic                  partitions  replicas  state
dailies.events                 12         3  ok
dailies.frame-batches          48         3  created
dailies.graded                 12         3  NOT USABLE
dailies.recordings             12         3  ok, see below

dailies.graded: cleanup.policy is compact
dailies.recordings: with 3 replicas, 2 is safer
`,
  );
});

test('it looks unless it is told to create; the exit code says whether they serve', async () => {
  const asked: boolean[] = [];
  const run = async (found: TopicState[], ...argv: string[]) => {
    const { context, stdout } = fakeContext({ KAFKA_BROKERS: 'kafka:9092' });
    const kafkaTopics = async (_settings: object, { create }: { create: boolean }) => {
      asked.push(create);
      return found;
    };
    return { code: await topics.run({ ...context, kafkaTopics }, argv), text: stdout.text() };
  };
  assert.equal((await run([GOOD])).code, 0);
  assert.equal((await run([GOOD, COMPACTED], '--create')).code, 1);
  assert.deepEqual(asked, [false, true]);
  assert.deepEqual(JSON.parse((await run([GOOD], '--json')).text), [GOOD]);
});

test('the embedded bus has nothing to set up', async () => {
  const { context, stdout } = fakeContext();
  assert.equal(await topics.run(context, ['--create']), 0);
  assert.match(stdout.text(), /nothing to set up/);
});
