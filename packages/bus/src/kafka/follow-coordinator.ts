import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import { isUnreachable } from './errors.ts';

const looking = new WeakSet<ConsumerGroup>();
let isDone = false;

/**
 * Lets members follow their group when the broker that coordinates it goes away. kafkajs 2.2.4 asks who that is when a
 * member joins, and keeps it: heartbeats and commits go to a broker that is gone for as long as retries last, which with
 * ours is for ever. The new coordinator has the group as it was, so the member keeps its partitions and its work.
 */
export function followCoordinators(): void {
  if (isDone) return;
  isDone = true;
  const { heartbeat, commitOffsets } = ConsumerGroup.prototype;
  ConsumerGroup.prototype.heartbeat = function heartbeatFollowing(this: ConsumerGroup, options) {
    return following(this, heartbeat.call(this, options));
  };
  ConsumerGroup.prototype.commitOffsets = function commitFollowing(this: ConsumerGroup, offsets) {
    return following(this, commitOffsets.call(this, offsets));
  };
}

/** Who asked tries again, and finds the new one then. */
function following(group: ConsumerGroup, asked: Promise<void>): Promise<void> {
  return asked.catch((thrown: unknown) => {
    if (isUnreachable(thrown)) void look(group);
    throw thrown;
  });
}

async function look(group: ConsumerGroup): Promise<void> {
  if (looking.has(group)) return;
  looking.add(group);
  try {
    const coordinator = await group.cluster.findGroupCoordinator({ groupId: group.groupId });
    group.coordinator = coordinator;
    if (group.offsetManager) group.offsetManager.coordinator = coordinator;
  } catch {
    // No broker knows yet; the next failure looks again.
  } finally {
    looking.delete(group);
  }
}
