import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { openBus } from '@dailies/bus';
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
  const [line] = await busCheck.run({ ...input, openBus: () => Promise.reject(new Error('connect ECONNREFUSED')) });
  assert.equal(line?.level, 'fail');
  assert.match(line?.found ?? '', /Kafka at kafka:9092: .*ECONNREFUSED/);
  assert.match(line?.todo ?? '', /KAFKA_BROKERS/);
});

test('a file in the place of the bus’s folder', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'file'), '');
  const input = inputOf(folder, { env: { BUS_PATH: join(folder, 'file', 'bus.sqlite') } });
  assert.deepEqual(levels(await busCheck.run(input)), ['fail bus']);
});
