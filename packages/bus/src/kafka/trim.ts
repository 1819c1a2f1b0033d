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
  interface Trimmed {
    readonly groups: Set<string>;
    readonly timer: NodeJS.Timeout;
    done: Done;
  }
  const topics = new Map<string, Trimmed>();
  let stopped = false;

  const trim = async (topic: string): Promise<void> => {
    const trimmed = topics.get(topic) as Trimmed;
    try {
      const { records, done } = await trimTopic(admin, topic, [...trimmed.groups], trimmed.done);
      trimmed.done = done;
      if (records > 0) log?.debug({ topic, records }, 'kafka: deleted what is done');
    } catch (thrown) {
      if (stopped) return;
      // Nothing depends on it: what could not be deleted now is deleted the next time.
      if (!protocolError(thrown).endsWith('AUTHORIZATION_FAILED')) {
        log?.debug({ topic, err: thrown }, 'kafka: what is done could not be deleted');
        return;
      }
      clearInterval(trimmed.timer);
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
      topics.set(topic, { groups: new Set([...groups, group]), timer, done: new Map() });
    },
    stop() {
      stopped = true;
      for (const { timer } of topics.values()) clearInterval(timer);
    },
  };
}

/** Offsets of the first records that a group has still to do, by partition. */
export type Done = ReadonlyMap<number, number>;

/**
 * Deletes the records of a topic that all `groups` had done at `before`, and looks how far they are now. Never one that a
 * group has still to do: a partition of which a group has committed nothing, or more than there is (the broker lost some),
 * is left alone. What was done a moment ago stays, for somebody may just be asking where a group is and where the log begins.
 * @returns how many records are gone, and what is to be `before` the next time
 */
export async function trimTopic(
  admin: TrimmerPorts['admin'],
  topic: string,
  groups: readonly string[],
  before: Done,
): Promise<{ records: number; done: Done }> {
  const committed = await Promise.all(
    groups.map(async (groupId) => {
      const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
      return new Map(found?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    }),
  );
  let records = 0;
  const done = new Map<number, number>();
  const partitions: { partition: number; offset: string }[] = [];
  for (const { partition, ...log } of await admin.fetchTopicOffsets(topic)) {
    const [low, high] = [Number(log.low), Number(log.high)];
    const places = committed.map((places) => places.get(partition) ?? -1);
    if (Math.max(...places) > high) continue;
    done.set(partition, Math.min(...places));
    const until = Math.min(before.get(partition) ?? -1, ...places);
    if (until <= low) continue;
    records += until - low;
    partitions.push({ partition, offset: String(until) });
  }
  if (partitions.length > 0) await admin.deleteTopicRecords({ topic, partitions });
  return { records, done };
}
