import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DailiesError } from '@dailies/contracts';
import { createErrorFromCode, errorCodes } from 'kafkajs/src/protocol/error.js';
import { type Acknowledger, createAcknowledger } from '../../src/kafka/acknowledge.ts';
import { Lease } from '../../src/kafka/lease.ts';
import type { Membership } from '../../src/kafka/membership.ts';
import { FRESH } from '../../src/kafka/progress.ts';
import type { Publisher } from '../../src/kafka/publisher.ts';
import type { RawMessage } from '../../src/kafka/records.ts';

const RECORD: RawMessage = { offset: '7', timestamp: '0', key: null, value: null };

/** What kafkajs throws for an error of the protocol. */
const refusal = (type: string): Error => {
  const known = errorCodes.find((one) => one.type === type);
  if (!known) throw new Error(`kafkajs knows no ${type}`);
  return createErrorFromCode(known.code);
};

/** Each look at the clock is a second later. */
const HOPELESS_MS = 5000;

/** An acknowledger whose commits fail with these errors, one after the other, before they are taken. */
function acknowledging(failures: readonly string[]): {
  readonly of: Acknowledger;
  readonly committed: string[];
  readonly tries: () => number;
  readonly refused: DailiesError[];
} {
  const left = [...failures];
  const committed: string[] = [];
  const refused: DailiesError[] = [];
  let tries = 0;
  let now = 0;
  const membership: Pick<Membership, 'commit' | 'doubtful' | 'rebalanced'> = {
    doubtful: false,
    async commit(_lease, offset, { started }) {
      tries++;
      const failure = left.shift();
      if (failure !== undefined) throw refusal(failure);
      committed.push(`${offset}${started ? ' started' : ''}`);
      return true;
    },
    rebalanced: async () => {},
  };
  const of = createAcknowledger({
    topic: 'work',
    brokers: 'broker:9092',
    publisher: { publish: async () => {} } as unknown as Publisher,
    membership: () => membership as Membership,
    alive: () => refused.length === 0,
    onRefusal: (error) => refused.push(error),
    report: () => {},
    hopelessMs: HOPELESS_MS,
    now: () => (now += 1000),
  });
  return { of, committed, refused, tries: () => tries };
}

test('that a record is in hand is written down though the group forms anew meanwhile', async () => {
  const { of, committed } = acknowledging(['REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID']);
  await of.note(new Lease(0), RECORD, { ...FRESH, started: true }, () => true);
  assert.deepEqual(committed, ['7 started']);
});

test('what nobody wants any more, or of a partition that was lost, is not written down', async () => {
  const { of, committed, tries } = acknowledging(['REBALANCE_IN_PROGRESS', 'REBALANCE_IN_PROGRESS']);
  await of.note(new Lease(0), RECORD, FRESH, () => tries() < 1);
  const lost = new Lease(0);
  lost.lose();
  await of.note(lost, RECORD, FRESH, () => true);
  assert.deepEqual([committed, tries()], [[], 1]);
});

test('a record is acknowledged once the group has formed; a right that is missing ends the consumer', async () => {
  const patient = acknowledging(['REBALANCE_IN_PROGRESS']);
  assert.equal(await patient.of.finish(new Lease(0), RECORD, FRESH, []), true);
  assert.deepEqual(patient.committed, ['8']);
  const denied = acknowledging(['GROUP_AUTHORIZATION_FAILED']);
  assert.equal(await denied.of.finish(new Lease(0), RECORD, FRESH, []), false);
  assert.match(
    denied.refused[0]?.message ?? '',
    /GROUP_AUTHORIZATION_FAILED: its ACLs do not give our user this right/,
  );
});

const forever = (type: string, times: number): string[] => new Array(times).fill(type);

// A worker whose clock was two hours ahead held its record for ever: it looked busy, and nobody else got it.
for (const type of ['INVALID_TIMESTAMP', 'MESSAGE_TOO_LARGE', 'POLICY_VIOLATION', 'UNKNOWN_TOPIC_OR_PARTITION'])
  test(`what fails as ${type} again and again ends the consumer; once is borne`, async () => {
    const once = acknowledging([type]);
    assert.equal(await once.of.finish(new Lease(0), RECORD, FRESH, []), true);
    const stuck = acknowledging(forever(type, 50));
    assert.equal(await stuck.of.finish(new Lease(0), RECORD, FRESH, []), false);
    assert.equal(stuck.refused.length, 1);
    assert.ok(stuck.tries() > 2 && stuck.tries() < 10, String(stuck.tries()));
  });

test('brokers that are away, elect or have just come back are waited for without an end', async () => {
  for (const type of ['LEADER_NOT_AVAILABLE', 'NOT_ENOUGH_REPLICAS', 'GROUP_COORDINATOR_NOT_AVAILABLE']) {
    const patient = acknowledging(forever(type, 200));
    assert.equal(await patient.of.finish(new Lease(0), RECORD, FRESH, []), true, type);
  }
});
