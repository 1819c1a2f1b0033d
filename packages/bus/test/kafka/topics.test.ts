import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PARTITIONS, TOPICS } from '@dailies/contracts';
import { judgeTopic, MAX_MESSAGE_BYTES, requireTopics, specsOf } from '../../src/kafka/topics.ts';
import { DAILIES_TOPICS } from '../../src/topics.ts';

const DAY_MS = 86_400_000;
const spec = { name: 'work', partitions: 12, retentionMs: 14 * DAY_MS };
const good = {
  'cleanup.policy': 'delete',
  'retention.ms': String(14 * DAY_MS),
  'retention.bytes': '-1',
  'max.message.bytes': String(MAX_MESSAGE_BYTES),
  'min.insync.replicas': '1',
  'message.timestamp.type': 'LogAppendTime',
};
const judge = (settings: Record<string, string>, found = { partitions: 12, replicas: 1 }) =>
  judgeTopic(spec, { ...found, settings: { ...good, ...settings } }, 'kafka:9092');

test('the topics of the pipeline have the partitions that messages are sent to', () => {
  for (const { name, partitions, retentionMs } of specsOf(DAILIES_TOPICS, 1)) {
    assert.equal(partitions, PARTITIONS[name as keyof typeof PARTITIONS], name);
    if (DAILIES_TOPICS[name]?.keep === 'until-acknowledged') assert.ok(retentionMs >= 14 * DAY_MS, name);
  }
  assert.equal(specsOf(DAILIES_TOPICS, 1).find(({ name }) => name === TOPICS.frameBatches)?.partitions, 48);
});

test('a topic as we make it, one that keeps everything, and one whose settings may not be read will do', () => {
  assert.deepEqual(judge({}), { problems: [], notes: [] });
  assert.deepEqual(judge({ 'retention.ms': '-1' }), { problems: [], notes: [] });
  assert.deepEqual(judgeTopic(spec, { partitions: 48, replicas: 3, settings: {} }, 'kafka:9092'), {
    problems: [],
    notes: ['min.insync.replicas is 1; with 3 replicas, 2 is safer'],
  });
});

const refused: [name: string, settings: Record<string, string>, reason: RegExp][] = [
  ['compacted', { 'cleanup.policy': 'compact' }, /cleanup\.policy is compact/],
  ['compacted and deleted', { 'cleanup.policy': 'compact,delete' }, /cleanup\.policy is compact,delete/],
  ['bounded by size', { 'retention.bytes': '1073741824' }, /retention\.bytes is 1073741824/],
  ['for small messages', { 'max.message.bytes': '1048588' }, /max\.message\.bytes is 1048588/],
  ['kept for an hour', { 'retention.ms': '3600000' }, /retention\.ms is 3600000/],
  ['never writable', { 'min.insync.replicas': '2' }, /nothing could be published/],
];
for (const [name, settings, reason] of refused)
  test(`a topic that is ${name} is refused`, () => {
    const { problems } = judge(settings);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', reason);
  });

test('too few partitions, and a topic that is missing, are refused with what to do', () => {
  assert.match(judge({}, { partitions: 3, replicas: 1 }).problems[0] ?? '', /has 3 partitions and needs 12.*--alter/);
  const missing = judgeTopic(spec, { partitions: 0, replicas: 0, settings: {} }, 'kafka:9092');
  assert.match(missing.problems[0] ?? '', /does not exist/);
  const state = { name: 'work', created: false, partitions: 0, replicas: 0, settings: {}, ...missing };
  assert.throws(() => requireTopics([state]), { code: 'BUS_FAILED', message: /work: it does not exist/ });
});

test('shorter retention than recommended is told', () => {
  const { problems, notes } = judge({ 'retention.ms': String(3 * DAY_MS) });
  assert.deepEqual(problems, []);
  assert.match(notes[0] ?? '', /is recommended/);
});

// A worker whose clock was two hours ahead held its records for ever: brokers refuse such stamps, and all else went on.
test('a topic that takes the times of its clients is told, with the command that changes it; it serves', () => {
  const { problems, notes } = judge({ 'message.timestamp.type': 'CreateTime' });
  assert.deepEqual(problems, []);
  assert.match(
    notes[0] ?? '',
    /kafka-configs\.sh --bootstrap-server kafka:9092 --alter --topic work --add-config message\.timestamp\.type=LogAppendTime$/,
  );
});
