import { EventEmitter } from 'node:events';
import { statSync } from 'node:fs';
import { DailiesError, toDailiesError } from '@dailies/contracts';
import { type Clock, systemClock } from '../clock.ts';
import type { Bus, Tail } from '../port.ts';
import { createReporter } from '../reporter.ts';
import type { TopicRules } from '../rules.ts';
import { type SqliteConsumer, startConsumer } from './consumer.ts';
import { openDatabase } from './database.ts';
import { createSilenceJudge, thisMember } from './members.ts';
import { Roster } from './roster.ts';
import { Store } from './store.ts';
import { startTail } from './tail.ts';

export interface SqliteBusOptions {
  /** The file; it and its folder are made when missing. On a local disk, never on a network share. */
  readonly path: string;
  /** All topics that are used, `dailies.dead-letters` among them. */
  readonly topics: Readonly<Record<string, TopicRules>>;
  /** For tails and `lag` beside a process that works. */
  readonly readOnly?: boolean;
  /** How often changes of other processes are looked for. */
  readonly pollMs?: number;
  /** How often this process tells that it lives, and looks for dead ones. */
  readonly heartbeatMs?: number;
  /** A member that has not been heard of for so long has lost its records. */
  readonly expiryMs?: number;
  /** How long handlers get to come back after their signal was aborted, before their records are given to others all the same. */
  readonly abortGraceMs?: number;
  readonly clock?: Clock;
  /** Told of errors that no caller waits for; one that repeats, once a minute. */
  readonly onError?: (error: DailiesError) => void;
}

const BUS_RETRY_MS = 1000;
const EXPIRE_EVERY_BEATS = 60;

/**
 * The embedded bus: one SQLite file, shared by the processes of one machine. Durable (WAL, synchronous=FULL). A record
 * in hand is leased to its process. When that dies the others have the record within a heartbeat (they ask for its pid), or
 * after `expiryMs` where they cannot ask. A frozen one loses it after `expiryMs`, and what it answers later is refused.
 * @throws DailiesError BUS_FAILED (damaged, or of another version), DISK_FULL, PERMISSION_DENIED
 */
export function openSqliteBus(options: SqliteBusOptions): Bus {
  const { path, topics, readOnly = false, clock = systemClock } = options;
  const { pollMs = 100, heartbeatMs = 1000, expiryMs = 10_000, abortGraceMs = 2000 } = options;
  const database = openDatabase(path, { readOnly });
  const store = new Store(database, topics);
  const member = thisMember();
  const roster = new Roster(database, member);
  const silent = createSilenceJudge(clock, expiryMs);
  const changes = new EventEmitter().setMaxListeners(0);
  const consumers = new Set<SqliteConsumer>();
  const tails = new Set<Tail>();
  let closing: Promise<void> | null = null;

  const report = createReporter(options.onError ?? (() => {}), clock);
  const reported = (work: () => void): void => {
    try {
      work();
    } catch (thrown) {
      report(toDailiesError(thrown));
    }
  };
  const requireOpen = (forWhat: 'reading' | 'writing'): void => {
    if (closing) throw new DailiesError('BUS_FAILED', `The bus ${path} is closed.`);
    if (readOnly && forWhat === 'writing')
      throw new DailiesError('BUS_FAILED', `The bus ${path} is open for reading alone.`);
  };

  // Many changes of one turn wake the consumers and tails once.
  let pending: NodeJS.Immediate | undefined;
  const changed = (): void => {
    pending ??= setImmediate(() => {
      pending = undefined;
      changes.emit('change');
    });
  };
  const onChange = (callback: () => void): (() => void) => {
    changes.on('change', callback);
    return () => changes.off('change', callback);
  };

  let seen = -1;
  const poll = (): void => {
    const version = store.version();
    if (version !== seen) changed();
    seen = version;
  };
  let beats = 0;
  const file = fileId(path);
  const beat = (): void => {
    if (fileId(path) !== file) {
      report(
        new DailiesError(
          'BUS_FAILED',
          `The bus ${path} was removed or replaced while it is in use. Stop Dailies and start it again: recordings that have no film yet are found again.`,
        ),
      );
    }
    if (roster.beat(clock.now(), silent)) changed();
    for (const consumer of consumers) consumer.dropLost();
    if (beats++ % EXPIRE_EVERY_BEATS === 0) store.expire(clock.now());
    store.shrink();
  };

  try {
    if (!readOnly) {
      store.begin();
      beat();
    }
    poll();
  } catch (error) {
    database.close();
    throw error;
  }
  const timers = [setInterval(() => reported(poll), pollMs)];
  if (!readOnly) timers.push(setInterval(() => reported(beat), heartbeatMs));

  const close = async (): Promise<void> => {
    await Promise.all([...consumers].map((consumer) => consumer.stop({ drainMs: 0 })));
    await Promise.all([...tails].map((tail) => tail.close()));
    for (const timer of timers) clearInterval(timer);
    clearImmediate(pending);
    changes.removeAllListeners();
    if (!readOnly) reported(() => roster.leave());
    database.close();
  };

  return {
    async publish(messages) {
      requireOpen('writing');
      if (messages.length === 0) return;
      store.publish(messages, clock.now());
      changed();
    },
    async consume(consume) {
      requireOpen('writing');
      store.addGroup(consume.topic, consume.group);
      const ports = {
        store,
        member: member.id,
        abortGraceMs,
        busRetryMs: BUS_RETRY_MS,
        now: () => clock.now(),
        onChange,
        changed,
        report,
      };
      const consumer = startConsumer(consume, { ...ports, ended: () => consumers.delete(consumer) });
      consumers.add(consumer);
      return consumer;
    },
    async tail(topic, onRecord, tailOptions = {}) {
      requireOpen('reading');
      store.rulesOf(topic);
      return startTail(topic, onRecord, tailOptions, { store, onChange, report, open: tails });
    },
    async lag() {
      requireOpen('reading');
      return store.lag();
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}

/** Device and inode, so that a file put in the place of ours is seen; '' when there is none. */
function fileId(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found ? `${found.dev}:${found.ino}` : '';
}
