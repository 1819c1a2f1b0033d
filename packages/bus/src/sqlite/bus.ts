import { EventEmitter } from 'node:events';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { type DailiesError, toDailiesError } from '@dailies/contracts';
import type { Bus, Consumer, Tail } from '../port.ts';
import { startConsumer } from './consumer.ts';
import { thisMember } from './member.ts';
import { openDatabase } from './schema.ts';
import { Store, type TopicRules } from './store.ts';

export interface SqliteBusOptions {
  readonly path: string;
  readonly topics: Readonly<Record<string, TopicRules>>;
  /** For tails and `lag` beside a process that works. */
  readonly readOnly?: boolean;
  readonly now?: () => number;
  /** How often other processes' changes are looked for. */
  readonly pollMs?: number;
  readonly heartbeatMs?: number;
  /** A member that has not been heard of for so long has lost its records. */
  readonly expiryMs?: number;
  /** Told of errors that no caller waits for. */
  readonly onError?: (error: DailiesError) => void;
}

const TIDY_EVERY_BEATS = 10;
/** Records that a tail reads at once; they are small. */
const TAIL_ROWS = 500;

/**
 * The embedded bus: one SQLite file, shared by the processes of one machine. Durable (WAL, synchronous=FULL); a process
 * that dies loses its records to the others within a second (it is asked for by pid), a frozen one after `expiryMs`, and
 * what a frozen one does after that is refused.
 */
export function openSqliteBus(options: SqliteBusOptions): Bus {
  const { path, topics, readOnly = false, now = Date.now, pollMs = 100, heartbeatMs = 1000, expiryMs = 10_000, onError = () => {} } = options;
  if (!readOnly) mkdirSync(dirname(path), { recursive: true });
  const store = new Store(openDatabase(path, { readOnly }), path, topics);
  const member = thisMember();
  const changes = new EventEmitter().setMaxListeners(0);
  const consumers = new Set<Consumer>();
  const tails = new Set<Tail>();
  let closed = false;
  // Many changes of one turn wake the consumers once.
  let pending = false;
  const changed = (): void => {
    if (pending || closed) return;
    pending = true;
    setImmediate(() => {
      pending = false;
      if (!closed) changes.emit('change');
    });
  };
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      onError(toDailiesError(error));
    }
  };
  if (!readOnly) {
    store.join(member, now());
    store.beat(member, now(), expiryMs);
  }
  let seen = store.version();
  const poll = setInterval(() => {
    attempt(() => {
      const version = store.version();
      if (version !== seen) changed();
      seen = version;
    });
  }, pollMs);
  let beats = 0;
  const heart = setInterval(() => {
    if (readOnly) return;
    attempt(() => {
      if (store.beat(member, now(), expiryMs)) changed();
      if (++beats % TIDY_EVERY_BEATS === 0) store.tidy(now());
    });
  }, heartbeatMs);

  return {
    async publish(messages) {
      store.publish(messages, now());
      changed();
    },
    async consume(consume) {
      store.addGroup(consume.topic, consume.group);
      const consumer = startConsumer(consume, {
        store,
        member: member.id,
        now,
        changed,
        failed: onError,
        onChange: (callback) => {
          changes.on('change', callback);
          return () => changes.off('change', callback);
        },
      });
      consumers.add(consumer);
      return consumer;
    },
    async tail(topic, onRecord, { follow = false } = {}) {
      let last = 0;
      const read = (): void => {
        for (;;) {
          const rows = store.after(topic, last, TAIL_ROWS);
          for (const row of rows) {
            last = row.id;
            onRecord(row.record);
          }
          if (rows.length < TAIL_ROWS) return;
        }
      };
      read();
      const onChange = (): void => attempt(read);
      if (follow) changes.on('change', onChange);
      const tail: Tail = {
        async close() {
          changes.off('change', onChange);
          tails.delete(tail);
        },
      };
      tails.add(tail);
      return tail;
    },
    lag: async () => store.lag(),
    async close() {
      if (closed) return;
      await Promise.all([...consumers].map((consumer) => consumer.stop({ drainMs: 0 })));
      await Promise.all([...tails].map((tail) => tail.close()));
      closed = true;
      clearInterval(poll);
      clearInterval(heart);
      if (!readOnly) attempt(() => store.leave(member.id));
      store.close();
    },
  };
}
