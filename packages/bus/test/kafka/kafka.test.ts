import { describe } from 'node:test';
import { sharedBroker, withoutDocker } from '../../../../test/helpers/kafka.ts';
import { busConformance } from '../../src/conformance.ts';
import { makeKafkaBus } from '../helpers/kafka.ts';

// One broker serves all of them; it takes longer to start than most tests run.
describe('kafka', { skip: await withoutDocker() }, () => {
  const broker = sharedBroker();
  busConformance('kafka', makeKafkaBus(broker));
});
