import { DailiesError, sha256 } from '@dailies/contracts';
import { type BusRecord, type Lag, MAX_VALUE_BYTES, type OutgoingMessage } from '../port.ts';
import type { Failures } from '../retry.ts';
import type { TopicRules } from '../rules.ts';
import type { Database } from './database.ts';

/** The right to work on a record, until it is given back or taken away. */
export interface Lease {
  readonly topic: string;
  readonly group: string;
  readonly recordId: number;
  readonly owner: string;
  /** Tells this claim of the record from others of the same owner: one that was frozen may find that it has it again. */
  readonly number: number;
}

/** A record that a member works on. */
export interface Claim {
  readonly lease: Lease;
  readonly record: BusRecord;
  /** False when its bytes are not those that were published. */
  readonly intact: boolean;
  readonly failures: Failures;
  /** How many processes died while they worked on this record. */
  readonly deaths: number;
}

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

interface Due {
  readonly record: number;
  readonly lease: number;
  readonly retries: number;
  readonly waits: number;
  readonly deaths: number;
}

const DUE = `SELECT record, lease, retries, waits, deaths FROM deliveries AS d
  WHERE topic = ? AND grp = ? AND owner IS NULL AND (not_before <= ? OR not_before > ?) AND NOT EXISTS (
    SELECT 1 FROM deliveries AS e WHERE e.topic = d.topic AND e.grp = d.grp AND e.key = d.key AND e.record < d.record)
  ORDER BY record LIMIT 1`;
const HELD = 'topic = ? AND grp = ? AND record = ? AND owner = ? AND lease = ?';
const held = (lease: Lease) => [lease.topic, lease.group, lease.recordId, lease.owner, lease.number] as const;

/**
 * Ids ascend with time, so that nothing is read beyond the first record that is young: there may be a million of them. One
 * from the future, put down before the clock was set back, tells nothing of those behind it.
 */
const EXPIRED = `SELECT id FROM records WHERE topic = ? AND id < coalesce(
    (SELECT id FROM records WHERE topic = ? AND at BETWEEN ? AND ? ORDER BY id LIMIT 1), 9223372036854775807)
  AND at < ? AND NOT EXISTS (SELECT 1 FROM deliveries WHERE record = records.id) ORDER BY id LIMIT ?`;
const EXPIRED_AT_ONCE = 10_000;

/** Freed pages up to this number are kept for records to come (64 MiB); what is beyond goes back to the disk in steps of 2 MiB. */
const SPARE_PAGES = 4096;
const VACUUM_PAGES = 128;

/** Records and their deliveries: the SQL of the embedded bus. */
export class Store {
  readonly #db: Database;
  readonly #topics: Readonly<Record<string, TopicRules>>;

  constructor(db: Database, topics: Readonly<Record<string, TopicRules>>) {
    this.#db = db;
    this.#topics = topics;
  }

  /** Remembers the groups that the topics name. */
  begin(): void {
    this.#db.write(() => {
      for (const [topic, { groups }] of Object.entries(this.#topics))
        for (const group of groups) this.#addGroup(topic, group);
    });
  }

  /** A group that a topic has not seen yet gets all records that are there. @throws DailiesError MESSAGE_INVALID */
  addGroup(topic: string, group: string): void {
    this.rulesOf(topic);
    this.#db.write(() => this.#addGroup(topic, group));
  }

  #addGroup(topic: string, group: string): void {
    if (this.#db.sql('INSERT OR IGNORE INTO groups (topic, grp) VALUES (?, ?)').run(topic, group).changes === 0) return;
    this.#db
      .sql('INSERT INTO deliveries (topic, grp, record, key) SELECT topic, ?, id, key FROM records WHERE topic = ?')
      .run(group, topic);
  }

  /** @throws DailiesError MESSAGE_INVALID when there is no such topic */
  rulesOf(topic: string): TopicRules {
    const rules = Object.hasOwn(this.#topics, topic) ? this.#topics[topic] : undefined;
    if (!rules)
      throw new DailiesError('MESSAGE_INVALID', `The bus has no topic ${topic}. Do all services run the same version?`);
    return rules;
  }

  /** @throws DailiesError MESSAGE_INVALID, BATCH_TOO_LARGE when the bus would not take these messages */
  check(messages: readonly OutgoingMessage[]): void {
    for (const { topic, value } of messages) {
      this.rulesOf(topic);
      if (value.byteLength <= MAX_VALUE_BYTES) continue;
      throw new DailiesError(
        'BATCH_TOO_LARGE',
        `A message of ${value.byteLength} bytes for ${topic} was refused; the bus takes ${MAX_VALUE_BYTES}.`,
      );
    }
  }

  publish(messages: readonly OutgoingMessage[], now: number): void {
    this.check(messages);
    this.#db.write(() => this.#insert(messages, now));
  }

  #insert(messages: readonly OutgoingMessage[], now: number): void {
    for (const { topic, key, partition = 0, headers = {}, value } of messages) {
      const { lastInsertRowid } = this.#db
        .sql('INSERT INTO records (topic, partition, key, headers, sha256, at, value) VALUES (?, ?, ?, ?, ?, ?, ?)')
        .run(topic, partition, key, JSON.stringify(headers), sha256(value), now, value);
      this.#db
        .sql('INSERT INTO deliveries (topic, grp, record, key) SELECT topic, grp, ?, ? FROM groups WHERE topic = ?')
        .run(lastInsertRowid, key, topic);
    }
  }

  /**
   * Takes the oldest record that may be worked on: due, taken by nobody, and the first of its key. Null when there is
   * none, or when the member is not on the roster (it was taken for dead, and has not come back yet).
   * @param latest no retry waits for longer than that: a later one was put down before the clock was set back, and is due
   */
  claim(topic: string, group: string, member: string, now: number, latest = Number.MAX_SAFE_INTEGER): Claim | null {
    const find = (): Due | undefined => this.#db.sql(DUE).get(topic, group, now, latest) as Due | undefined;
    // Looked for outside of a transaction first: an idle consumer writes nothing.
    if (!this.#db.read(find)) return null;
    const due = this.#db.writeLightly(() => {
      if (!this.#db.sql('SELECT 1 FROM members WHERE id = ?').get(member)) return null;
      const found = find();
      if (!found) return null;
      this.#db
        .sql('UPDATE deliveries SET owner = ?, lease = lease + 1 WHERE topic = ? AND grp = ? AND record = ?')
        .run(member, topic, group, found.record);
      return found;
    });
    if (!due) return null;
    const { record: recordId, retries, waits, deaths } = due;
    const lease = { topic, group, recordId, owner: member, number: due.lease + 1 };
    try {
      // Read and hashed outside of the transaction: nobody deletes it while we have it.
      const found = this.read(recordId, 1 + retries + waits + deaths);
      if (!found)
        throw new DailiesError(
          'BUS_FAILED',
          `Record ${recordId} of ${topic} is gone although ${group} has not acknowledged it.`,
        );
      return { lease, ...found, failures: { retries, waits }, deaths };
    } catch (error) {
      this.giveBack(lease);
      throw error;
    }
  }

  /**
   * When the next record that waits for its retry is due, ms since 1970, or null. Those that are due by now are left out.
   * @param latest as for `claim`
   */
  nextDue(topic: string, group: string, now: number, latest = Number.MAX_SAFE_INTEGER): number | null {
    const first = this.#db.read(() =>
      this.#db
        .sql(
          'SELECT min(not_before) AS at FROM deliveries WHERE topic = ? AND grp = ? AND not_before > 0 AND not_before > ?',
        )
        .get(topic, group, now),
    );
    return typeof first?.at === 'number' ? Math.min(first.at, latest) : null;
  }

  /**
   * Publishes what a handler answered and acknowledges its record, in one transaction.
   * @returns false when the lease is lost (we were taken for dead): then nothing is published
   */
  acknowledge(lease: Lease, answers: readonly OutgoingMessage[], now: number): boolean {
    this.check(answers);
    return this.#db.write(() => {
      if (this.#db.sql(`DELETE FROM deliveries WHERE ${HELD}`).run(...held(lease)).changes === 0) return false;
      this.#insert(answers, now);
      if (this.rulesOf(lease.topic).keep === 'until-acknowledged') {
        this.#db
          .sql('DELETE FROM records WHERE id = ? AND NOT EXISTS (SELECT 1 FROM deliveries WHERE record = records.id)')
          .run(lease.recordId);
      }
      return true;
    });
  }

  /** Gives a record back that failed, to be tried again at `notBefore` (ms since 1970). @returns false when the lease is lost */
  postpone(lease: Lease, { retries, waits }: Failures, notBefore: number): boolean {
    return this.#db.writeLightly(() => {
      const update = `UPDATE deliveries SET owner = NULL, retries = ?, waits = ?, not_before = ? WHERE ${HELD}`;
      return this.#db.sql(update).run(retries, waits, Math.ceil(notBefore), ...held(lease)).changes > 0;
    });
  }

  /** Gives a record back as if it had never been taken. @returns false when the lease is lost */
  giveBack(lease: Lease): boolean {
    return this.#db.writeLightly(() => {
      const update = `UPDATE deliveries SET owner = NULL, not_before = 0 WHERE ${HELD}`;
      return this.#db.sql(update).run(...held(lease)).changes > 0;
    });
  }

  /** Whether the lease is still ours. */
  holds(lease: Lease): boolean {
    return this.#db.read(
      () => this.#db.sql(`SELECT 1 FROM deliveries WHERE ${HELD}`).get(...held(lease)) !== undefined,
    );
  }

  /** Deletes what has been kept long enough, oldest first; of very much a part, and the rest when it is asked again. */
  expire(now: number): void {
    for (const [topic, { keep }] of Object.entries(this.#topics)) {
      if (keep === 'until-acknowledged') continue;
      const old = now - keep.forMs;
      const ids = this.#db.read(() => this.#db.sql(EXPIRED).all(topic, topic, old, now, old, EXPIRED_AT_ONCE));
      if (ids.length === 0) continue;
      this.#db.writeLightly(() => {
        for (const { id } of ids) this.#db.sql('DELETE FROM records WHERE id = ?').run(id as number);
      });
    }
  }

  /** Gives a small part of many freed pages back to the disk: about 10 ms, so that nobody waits for it. */
  shrink(): void {
    this.#db.read(() => {
      const free = Number(this.#db.sql('PRAGMA freelist_count').get()?.freelist_count);
      if (free > SPARE_PAGES) this.#db.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`);
    });
  }

  /** Ids of the records of a topic after this one, oldest first. */
  idsAfter(topic: string, id: number, limit: number): number[] {
    return this.#db.read(() =>
      this.#db
        .sql('SELECT id FROM records WHERE topic = ? AND id > ? ORDER BY id LIMIT ?')
        .all(topic, id, limit)
        .map((row) => Number(row.id)),
    );
  }

  /** One record with its value, and whether it is what was published; null when it is gone. */
  read(id: number, attempt: number): { readonly record: BusRecord; readonly intact: boolean } | null {
    const row = this.#db.read(() => this.#db.sql('SELECT * FROM records WHERE id = ?').get(id)) as unknown as
      | Row
      | undefined;
    if (!row) return null;
    const { topic, key, partition, value, at: timestampMs } = row;
    const headers = parsedHeaders(row.headers);
    const record = { topic, key, partition, offset: String(id), headers: headers ?? {}, value, timestampMs, attempt };
    return { record, intact: headers !== null && sha256(value) === row.sha256 };
  }

  lag(): Lag[] {
    return this.#db.read(() =>
      this.#db
        .sql(
          `SELECT g.topic AS topic, g.grp AS grp, count(d.record) - count(d.owner) AS waiting, count(d.owner) AS inFlight
           FROM groups AS g LEFT JOIN deliveries AS d ON d.topic = g.topic AND d.grp = g.grp
           GROUP BY g.topic, g.grp ORDER BY g.topic, g.grp`,
        )
        .all()
        .map((row) => ({
          topic: String(row.topic),
          group: String(row.grp),
          waiting: Number(row.waiting),
          inFlight: Number(row.inFlight),
        })),
    );
  }

  /** Changes whenever another connection has written. */
  version(): number {
    return Number(this.#db.read(() => this.#db.sql('PRAGMA data_version').get())?.data_version);
  }
}

function parsedHeaders(json: string): Readonly<Record<string, string>> | null {
  try {
    return JSON.parse(json) as Record<string, string>;
  } catch {
    return null;
  }
}
