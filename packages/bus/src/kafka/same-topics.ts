import { setTimeout as sleep } from 'node:timers/promises';
import { DailiesError } from '@dailies/contracts';
import type { BusLog } from '../settings.ts';
import { clusterOf } from './cluster.ts';
import type { Connection } from './connection.ts';
import { type TopicIds, tellsIds, topicIds } from './topic-ids.ts';
import { within } from './within.ts';

/** A look that is stuck in the tries of kafkajs must not hold up a stop. */
const CLOSE_MS = 1000;

export interface SameTopicsJudge {
  /** A topic that is unknown for a moment was just made, or a broker has just come up. */
  readonly goneMs: number;
  onEnd(error: DailiesError): void;
  /** Ms, never set back. */
  now(): number;
}

/**
 * Judges whether the topics are still those that this process began with. What it knows (positions in them, the state of
 * recordings that was built from them, records in hand) says nothing of topics that were made anew: a recording that the
 * old ones told of would never be announced again. A broker that does not answer says nothing, and retention makes no topic anew.
 */
export function createSameTopicsJudge({ goneMs, onEnd, now }: SameTopicsJudge): (found: TopicIds) => void {
  const ids = new Map<string, string>();
  const goneSinceMs = new Map<string, number>();
  return (found) => {
    const gone: string[] = [];
    const anew: string[] = [];
    for (const [topic, id] of found) {
      if (id === null) {
        const sinceMs = goneSinceMs.get(topic) ?? now();
        goneSinceMs.set(topic, sinceMs);
        if (now() - sinceMs >= goneMs) gone.push(topic);
        continue;
      }
      goneSinceMs.delete(topic);
      const before = ids.get(topic) ?? id;
      ids.set(topic, before);
      if (before !== id) anew.push(topic);
    }
    if (anew.length > 0) onEnd(ending(anew, 'was made anew', 'were made anew'));
    else if (gone.length > 0) onEnd(ending(gone, 'is gone', 'are gone'));
  };
}

const ending = (topics: readonly string[], one: string, several: string): DailiesError =>
  new DailiesError(
    'BUS_FAILED',
    `${topics.join(', ')} ${topics.length === 1 ? one : several} on the broker: was its volume removed, or a topic deleted? This process ends; started again, it makes topics that are missing (KAFKA_CREATE_TOPICS) and finds what is to be done.`,
    { details: { todo: 'Start it again, unless that is done by itself. `dailies topics` shows the topics.' } },
  );

export interface TopicsWatch extends SameTopicsJudge {
  /** Of this watch alone. */
  readonly connection: Connection;
  readonly topics: readonly string[];
  readonly everyMs: number;
  readonly log: BusLog | undefined;
}

/** Looks now and then whether the topics are the same. @returns how to end that */
export function watchTopics(watch: TopicsWatch): () => Promise<void> {
  const { connection, topics, everyMs, log } = watch;
  const judge = createSameTopicsJudge(watch);
  const over = new AbortController();
  let cluster = clusterOf(connection);

  const look = async (): Promise<void> => {
    await cluster.connect();
    await cluster.refreshMetadataIfNecessary();
    const broker = await cluster.findControllerBroker();
    if (!tellsIds(broker)) {
      log?.debug({}, 'kafka: the broker tells no ids of topics, so nobody watches whether they are the same');
      over.abort();
      return;
    }
    const found = await topicIds(broker, topics);
    if (!over.signal.aborted) judge(found);
  };

  const run = async (): Promise<void> => {
    while (!over.signal.aborted) {
      try {
        await look();
      } catch {
        // The broker is away, which others tell of. What is known of its connections may be old.
        await cluster.disconnect().catch(() => {});
        cluster = clusterOf(connection);
      }
      await sleep(everyMs, undefined, { signal: over.signal, ref: false }).catch(() => {});
    }
    connection.destroy();
    await cluster.disconnect().catch(() => {});
  };

  const running = run();
  return async () => {
    over.abort();
    connection.destroy();
    await within(CLOSE_MS, running);
  };
}
