import assert from 'node:assert/strict';
import { after, describe } from 'node:test';
import { sharedBroker, withoutDocker } from '../../../../test/helpers/kafka.ts';
import { busConformance } from '../../src/conformance.ts';
import { makeKafkaBus } from '../helpers/kafka.ts';
import { clockTests } from './clocks.ts';
import { lostTests } from './lost.ts';
import { outageTests } from './outage.ts';
import { rebalancingTests } from './rebalancing.ts';
import { recordTests } from './records.ts';
import { trimTests } from './trim.ts';

// One broker serves all of them; it takes longer to start than most tests run.
describe('kafka', { skip: await withoutDocker() }, () => {
  const broker = sharedBroker();
  const makeBus = makeKafkaBus(broker);
  const brisk = makeKafkaBus(broker, { sessionTimeoutMs: 4000 });
  const inRow = { concurrency: 1 };

  // These wait most of the time; what they name in the broker is their own.
  describe('side by side', { concurrency: true }, () => {
    describe('conformance', inRow, () => busConformance('kafka', makeBus));
    describe('rebalancing', inRow, () => rebalancingTests(makeBus, brisk, broker));
    describe('records, topics, groups', inRow, () => recordTests(makeBus, broker));
    describe('lost records', inRow, () => lostTests(broker));
    describe('records that are done', inRow, () => trimTests(broker));
  });
  // The clock that is moved here is that of all tests in this process.
  describe('clocks', inRow, () => clockTests(broker));
  // Another's broker is not killed.
  const skip = process.env.DAILIES_TEST_BROKER === undefined ? false : 'needs a broker of its own';
  describe('outages', { ...inRow, skip }, () => outageTests(makeBus, broker));

  // kafkajs asks for timers in the past, a thousand a second, unless it is kept from it.
  const warnings: string[] = [];
  process.on('warning', ({ name }) => warnings.push(name));
  after(() => assert.ok(!warnings.includes('TimeoutNegativeWarning'), warnings.join()));
});
