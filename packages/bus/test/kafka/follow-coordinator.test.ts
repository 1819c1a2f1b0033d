import assert from 'node:assert/strict';
import { test } from 'node:test';
import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import { followCoordinators } from '../../src/kafka/follow-coordinator.ts';

const failure = (name: string): Error => Object.assign(new Error(name), { name });

/** A member whose commits fail with this error while they go to broker 1, and that is told of broker 2. */
function memberOf(error: Error): { member: ConsumerGroup; asked: () => number } {
  followCoordinators();
  const [one, two] = [{ nodeId: 1 }, { nodeId: 2 }];
  let asked = 0;
  const offsetManager = {
    coordinator: one,
    async commitOffsets() {
      if (this.coordinator === one) throw error;
    },
  };
  const cluster = {
    async findGroupCoordinator() {
      asked++;
      return two;
    },
  };
  const member = Object.assign(Object.create(ConsumerGroup.prototype) as ConsumerGroup, {
    groupId: 'group',
    coordinator: one,
    offsetManager,
    cluster,
  });
  return { member, asked: () => asked };
}

test('a member whose coordinator is gone finds out who coordinates its group now', async () => {
  const { member, asked } = memberOf(failure('KafkaJSBrokerNotFound'));
  const tries = await Promise.allSettled([member.commitOffsets(), member.commitOffsets()]);
  assert.deepEqual(
    tries.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  await member.commitOffsets();
  assert.deepEqual([member.coordinator, asked()], [{ nodeId: 2 }, 1]);
});

test('an error that the coordinator itself answers is no reason to look for another one', async () => {
  const { member, asked } = memberOf(Object.assign(failure('KafkaJSProtocolError'), { type: 'REBALANCE_IN_PROGRESS' }));
  await assert.rejects(member.commitOffsets(), { message: 'KafkaJSProtocolError' });
  assert.equal(asked(), 0);
});
