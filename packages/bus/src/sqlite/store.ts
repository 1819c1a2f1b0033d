import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { DailiesError, sha256 } from '@dailies/contracts';
import type { BusRecord, Lag, OutgoingMessage } from '../port.ts';
import { type Member, mayLive } from './member.ts';
import { guarded } from './schema.ts';

/** How the records of a topic are kept. */
export interface TopicRules {
  /** The groups that read it: a record waits for each of them. */
  readonly groups: readonly string[];
  readonly keep: 'until-acknowledged' | { readonly forMs: number };
}

/** Larger values are refused, as Kafka refuses them (`max.message.bytes`). */
const MAX_VALUE_BYTES = 10 * 1024 * 1024;

interface Row {
  readonly id: number;
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  readonly headers: string;
  readonly sha256: string;
  readonly at: number;
  readonly value: Uint8Array;
}

/** A record that this member works on. `intact` is false when its bytes are not those that were published. */
export interface Claim {
  readonly id: number;
  readonly record: BusRecord;
  readonly intact: boolean;
  /** How often a process died while it worked on this record. */
  readonly crashes: number;
}

/** The SQL of the embedded bus. Every method is one transaction. */
export class Store {
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #topics: Readonly<Record<string, TopicRules>>;
  readonly #statements = new Map<string, StatementSync>();

  constructor(db: DatabaseSync, path: string, topics: Readonly<Record<string, TopicRules>>) {
    this.#db = db;
    this.#path = path;
    this.#topics = topics;
  }

  #sql(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (!statement) {
      statement = this.#db.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }

  #transaction<T>(work: () => T): T {
    return guarded(this.#path, () => {
      this.#db.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        this.#db.exec('COMMIT');
        return result;
      } catch (error) {
        if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
        throw error;
      }
    });
  }

  join(member: Member, now: number): void {
    this.#transaction(() => {
      this.#sql('INSERT INTO members (id, home, pid, started, beat) VALUES (?, ?, ?, ?, ?)').run(member.id, member.home, member.pid, member.started, now);
      for (const [topic, rules] of Object.entries(this.#topics)) for (const group of rules.groups) this.#addGroup(topic, group);
    });
  }

  /** A group that a topic has not seen yet gets all records that are there. */
  addGroup(topic: string, group: string): void {
    this.#transaction(() => this.#addGroup(topic, group));
  }

  #addGroup(topic: string, group: string): void {
    if (this.#sql('INSERT OR IGNORE INTO groups (topic, grp) VALUES (?, ?)').run(topic, group).changes === 0) return;
    this.#sql('INSERT OR IGNORE INTO deliveries (topic, grp, record, key) SELECT topic, ?, id, key FROM records WHERE topic = ?').run(group, topic);
  }

  publish(messages: readonly OutgoingMessage[], now: number): void {
    this.#transaction(() => this.#insert(messages, now));
  }

  #insert(messages: readonly OutgoingMessage[], now: number): void {
    for (const message of messages) {
      if (message.value.byteLength > MAX_VALUE_BYTES) throw new DailiesError('BATCH_TOO_LARGE', `A message of ${message.value.byteLength} bytes was refused; the bus takes ${MAX_VALUE_BYTES}.`);
      const { lastInsertRowid } = this.#sql('INSERT INTO records (topic, partition, key, headers, sha256, at, value) VALUES (?, ?, ?, ?, ?, ?, ?)').run(
        message.topic,
        message.partition ?? 0,
        message.key,
        JSON.stringify(message.headers ?? {}),
        sha256(message.value),
        now,
        message.value,
      );
      this.#sql('INSERT INTO deliveries (topic, grp, record, key) SELECT topic, grp, ?, ? FROM groups WHERE topic = ?').run(lastInsertRowid, message.key, message.topic);
    }
  }

  /** The oldest record that may be worked on: due, taken by nobody, and the first of its key. */
  claim(topic: string, group: string, member: string, now: number): Claim | null {
    // Looked for outside of a transaction first: an idle consumer writes nothing.
    if (!guarded(this.#path, () => this.#due(topic, group, now))) return null;
    return this.#transaction(() => {
      const due = this.#due(topic, group, now);
      if (!due) return null;
      this.#sql('UPDATE deliveries SET owner = ?, attempts = attempts + 1 WHERE topic = ? AND grp = ? AND record = ?').run(member, topic, group, due.record);
      const row = this.#sql('SELECT * FROM records WHERE id = ?').get(due.record) as unknown as Row;
      return { id: row.id, record: toRecord(row, due.attempts + 1), intact: sha256(row.value) === row.sha256, crashes: due.crashes };
    });
  }

  #due(topic: string, group: string, now: number): { record: number; attempts: number; crashes: number } | undefined {
    return this.#sql(
      `SELECT record, attempts, crashes FROM deliveries AS d WHERE topic = ? AND grp = ? AND owner IS NULL AND not_before <= ?
       AND NOT EXISTS (SELECT 1 FROM deliveries AS e WHERE e.topic = d.topic AND e.grp = d.grp AND e.key = d.key AND e.record < d.record)
       ORDER BY record LIMIT 1`,
    ).get(topic, group, now) as { record: number; attempts: number; crashes: number } | undefined;
  }

  /** When the next record that waits for its retry is due, or null. */
  nextDue(topic: string, group: string): number | null {
    const row = this.#sql('SELECT min(not_before) AS at FROM deliveries WHERE topic = ? AND grp = ? AND owner IS NULL AND not_before > 0').get(topic, group) as { at: number | null };
    return row.at;
  }

  /**
   * Publishes what a handler answered and acknowledges its record, in one transaction.
   * @returns false when the record is not ours any more (we were taken for dead): then nothing is published
   */
  acknowledge(topic: string, group: string, id: number, member: string, answers: readonly OutgoingMessage[], now: number): boolean {
    return this.#transaction(() => {
      const { changes } = this.#sql('DELETE FROM deliveries WHERE topic = ? AND grp = ? AND record = ? AND owner = ?').run(topic, group, id, member);
      if (changes === 0) return false;
      this.#insert(answers, now);
      if (this.#topics[topic]?.keep === 'until-acknowledged' && !this.#sql('SELECT 1 FROM deliveries WHERE record = ?').get(id)) {
        this.#sql('DELETE FROM records WHERE id = ?').run(id);
      }
      return true;
    });
  }

  /** Gives a record back: to be tried at `notBefore`, or at once without counting the attempt. */
  release(topic: string, group: string, id: number, member: string, how: { readonly notBefore: number } | 'uncounted'): void {
    this.#transaction(() => {
      const [notBefore, less] = how === 'uncounted' ? [0, 1] : [how.notBefore, 0];
      this.#sql('UPDATE deliveries SET owner = NULL, not_before = ?, attempts = attempts - ? WHERE topic = ? AND grp = ? AND record = ? AND owner = ?').run(notBefore, less, topic, group, id, member);
    });
  }

  /** Tells the others that we live, and takes back what the dead have left. @returns whether something was taken back */
  beat(us: Member, now: number, expiryMs: number): boolean {
    return this.#transaction(() => {
      this.#sql('INSERT INTO members (id, home, pid, started, beat) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET beat = excluded.beat').run(us.id, us.home, us.pid, us.started, now);
      const others = this.#sql('SELECT * FROM members WHERE id <> ?').all(us.id) as unknown as (Member & { beat: number })[];
      const dead = others.filter((member) => now - member.beat > expiryMs || !mayLive(member, us));
      for (const member of dead) this.#leave(member.id, { died: true });
      return dead.length > 0;
    });
  }

  leave(member: string): void {
    this.#transaction(() => this.#leave(member, { died: false }));
  }

  /** A death is counted apart from the attempts: it need not be the record's fault. */
  #leave(member: string, { died }: { died: boolean }): void {
    this.#sql('UPDATE deliveries SET owner = NULL, not_before = 0, attempts = attempts - 1, crashes = crashes + ? WHERE owner = ?').run(died ? 1 : 0, member);
    this.#sql('DELETE FROM members WHERE id = ?').run(member);
  }

  /** Deletes what has been kept long enough, and gives freed pages back to the disk. */
  tidy(now: number): void {
    guarded(this.#path, () => {
      for (const [topic, { keep }] of Object.entries(this.#topics)) {
        if (keep !== 'until-acknowledged') this.#sql('DELETE FROM records WHERE topic = ? AND at < ? AND NOT EXISTS (SELECT 1 FROM deliveries WHERE record = records.id)').run(topic, now - keep.forMs);
      }
      this.#db.exec('PRAGMA incremental_vacuum(2048)');
    });
  }

  /** Records of a topic after the one with this id, oldest first. */
  after(topic: string, id: number, limit: number): { id: number; record: BusRecord }[] {
    return guarded(this.#path, () => {
      const rows = this.#sql('SELECT * FROM records WHERE topic = ? AND id > ? ORDER BY id LIMIT ?').all(topic, id, limit) as unknown as Row[];
      return rows.map((row) => ({ id: row.id, record: toRecord(row, 1) }));
    });
  }

  lag(): Lag[] {
    return guarded(this.#path, () => {
      const rows = this.#sql(
        `SELECT g.topic AS topic, g.grp AS grp, count(d.record) - count(d.owner) AS waiting, count(d.owner) AS inFlight
         FROM groups AS g LEFT JOIN deliveries AS d ON d.topic = g.topic AND d.grp = g.grp GROUP BY g.topic, g.grp ORDER BY g.topic, g.grp`,
      ).all() as unknown as { topic: string; grp: string; waiting: number; inFlight: number }[];
      return rows.map(({ topic, grp, waiting, inFlight }) => ({ topic, group: grp, waiting, inFlight }));
    });
  }

  /** Changes whenever another connection has written. */
  version(): number {
    return (this.#sql('PRAGMA data_version').get() as { data_version: number }).data_version;
  }

  close(): void {
    this.#statements.clear();
    this.#db.close();
  }
}

function toRecord(row: Row, attempt: number): BusRecord {
  return { topic: row.topic, key: row.key, partition: row.partition, offset: String(row.id), headers: JSON.parse(row.headers) as Record<string, string>, value: row.value, timestampMs: row.at, attempt };
}
