import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { refusal } from './report.ts';

export interface Lock {
  release(): void;
}

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly since: string;
}

/** SQLITE_BUSY: https://www.sqlite.org/rescode.html#busy */
const BUSY = 5;

/**
 * Takes the lock of a recordings folder, so that two `dailies run` never work on the same one. It is a write lock of
 * SQLite, which the operating system holds: it ends with its process, however that ends, so no lock is ever stale, and no
 * pid has to be asked for. Readers of the file still learn who holds it.
 * @param path a file of its own; made when it is missing
 * @throws DailiesError CONFIG_INVALID that names the process that holds it
 */
export function takeLock(path: string, us: { pid: number; now: number }): Lock {
  mkdirSync(dirname(path), { recursive: true });
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    // Another `run` may be between the two: then its second BEGIN fails, or ours does, and one of us has it in the end.
    db.exec('BEGIN IMMEDIATE');
    db.exec('CREATE TABLE IF NOT EXISTS holder (id INTEGER PRIMARY KEY, pid INTEGER, host TEXT, since TEXT)');
    db.prepare('INSERT OR REPLACE INTO holder VALUES (1, ?, ?, ?)').run(
      us.pid,
      hostname(),
      new Date(us.now).toISOString(),
    );
    db.exec('COMMIT');
    db.exec('BEGIN IMMEDIATE');
  } catch (cause) {
    const holder = isBusy(cause) ? readHolder(db) : null;
    db.close();
    if (!isBusy(cause)) throw cause;
    throw refusal(
      `Another dailies run works on this folder${holder ? ` (${describe(holder)})` : ''}.`,
      'Stop it first, or choose another folder with --recordings.',
      'CONFIG_INVALID',
      cause,
    );
  }
  return { release: () => db.close() };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === BUSY;
}

/** Who holds the lock, as far as the file tells. */
function readHolder(db: DatabaseSync): Holder | null {
  try {
    return (db.prepare('SELECT pid, host, since FROM holder WHERE id = 1').get() as Holder | undefined) ?? null;
  } catch {
    // It is just being written.
    return null;
  }
}

function describe({ pid, host, since }: Holder): string {
  return `${host === hostname() ? '' : `on ${host}, `}process ${pid}, since ${since.slice(0, 16).replace('T', ' ')} UTC`;
}

/** Whether someone holds the lock now. */
export function isLocked(path: string): boolean {
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(path, { timeout: 0, readOnly: false });
    db.exec('BEGIN IMMEDIATE; ROLLBACK');
    return false;
  } catch (error) {
    return isBusy(error);
  } finally {
    db?.close();
  }
}
