import type { Database } from './database.ts';
import { hasEnded, type KnownMember, type Member } from './members.ts';

const ENTER = `INSERT INTO members (id, home, pid, started, beat) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET beat = excluded.beat`;

/** Who works on the records: the SQL on `members`. Only a member that is listed can take a record. */
export class Roster {
  readonly #db: Database;
  readonly #us: Member;

  constructor(db: Database, us: Member) {
    this.#db = db;
    this.#us = us;
  }

  /**
   * Tells the others that we live, lists us again when we were taken for dead, and frees the records of those who died.
   * @param silent which of the others have been silent for too long
   * @returns whether there may be records to take that were not there before
   */
  beat(now: number, silent: (others: readonly KnownMember[]) => readonly KnownMember[]): boolean {
    const { id, home, pid, started } = this.#us;
    return this.#db.writeLightly(() => {
      const all = this.#db.sql('SELECT id, home, pid, started, beat FROM members').all() as unknown as KnownMember[];
      this.#db.sql(ENTER).run(id, home, pid, started, now);
      const others = all.filter((member) => member.id !== id);
      const lost = new Set(silent(others));
      const dead = others.filter((member) => lost.has(member) || hasEnded(member, this.#us));
      for (const member of dead) this.#remove(member.id, 1);
      return dead.length > 0 || others.length === all.length;
    });
  }

  /** Leaves in good order: records that are still ours are given back without counting against them. */
  leave(): void {
    this.#db.writeLightly(() => this.#remove(this.#us.id, 0));
  }

  #remove(member: string, deaths: 0 | 1): void {
    this.#db
      .sql('UPDATE deliveries SET owner = NULL, not_before = 0, deaths = deaths + ? WHERE owner = ?')
      .run(deaths, member);
    this.#db.sql('DELETE FROM members WHERE id = ?').run(member);
  }
}
