import type { TopicRules } from '../rules.ts';
import type { BusLog } from '../settings.ts';
import { protocolError } from './errors.ts';
import type { Admin } from './kafkajs.ts';

/** Deletes from a topic what its groups have done, as the embedded bus does: Kafka alone would keep it until its retention. */
export interface Trimmer {
  /** Begins with a topic that `group` consumes, too; again is as good. */
  start(topic: string, rules: TopicRules, group: string): void;
  stop(): void;
}

export interface TrimmerPorts {
  readonly admin: Pick<Admin, 'fetchTopicOffsets' | 'fetchOffsets' | 'deleteTopicRecords'>;
  readonly everyMs: number;
  readonly log: BusLog | undefined;
}

/** Any number of processes may do the same: what one has deleted, the others find gone. */
export function createTrimmer({ admin, everyMs, log }: TrimmerPorts): Trimmer {
  const topics = new Map<string, { readonly groups: Set<string>; readonly timer: NodeJS.Timeout }>();
  let stopped = false;

  const trim = async (topic: string): Promise<void> => {
    const { groups, timer } = topics.get(topic) as { groups: Set<string>; timer: NodeJS.Timeout };
    try {
      const records = await trimTopic(admin, topic, [...groups]);
      if (records > 0) log?.debug({ topic, records }, 'kafka: deleted what is done');
    } catch (thrown) {
      if (stopped) return;
      // Nothing depends on it: what could not be deleted now is deleted the next time.
      if (!protocolError(thrown).endsWith('AUTHORIZATION_FAILED')) {
        log?.debug({ topic, err: thrown }, 'kafka: what is done could not be deleted');
        return;
      }
      clearInterval(timer);
      log?.info({ topic }, 'kafka: what is done stays until its retention: our user may not delete it (ACL Delete)');
    }
  };

  return {
    start(topic, { keep, groups }, group) {
      if (keep !== 'until-acknowledged' || stopped) return;
      const known = topics.get(topic);
      if (known) {
        known.groups.add(group);
        return;
      }
      const timer = setInterval(() => void trim(topic), everyMs).unref();
      topics.set(topic, { groups: new Set([...groups, group]), timer });
      void trim(topic);
    },
    stop() {
      stopped = true;
      for (const { timer } of topics.values()) clearInterval(timer);
    },
  };
}

/**
 * Deletes the records of a topic that all `groups` have done. Never one that a group has still to do: a partition of which a
 * group has committed nothing, or more than there is (the broker lost some), is left alone.
 * @returns how many records it was that are gone
 */
export async function trimTopic(
  admin: TrimmerPorts['admin'],
  topic: string,
  groups: readonly string[],
): Promise<number> {
  const committed = await Promise.all(
    groups.map(async (groupId) => {
      const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
      return new Map(found?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    }),
  );
  let records = 0;
  const partitions: { partition: number; offset: string }[] = [];
  for (const { partition, ...log } of await admin.fetchTopicOffsets(topic)) {
    const [low, high] = [Number(log.low), Number(log.high)];
    const places = committed.map((places) => places.get(partition) ?? -1);
    const done = Math.min(...places);
    if (done <= low || Math.max(...places) > high) continue;
    records += done - low;
    partitions.push({ partition, offset: String(done) });
  }
  if (partitions.length > 0) await admin.deleteTopicRecords({ topic, partitions });
  return records;
}
