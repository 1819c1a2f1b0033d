import { DatabaseSync } from 'node:sqlite';
import { DailiesError } from '@dailies/contracts';

/** Version of the tables, in SQLite's `user_version`. */
const VERSION = 1;

const TABLES = `
  CREATE TABLE IF NOT EXISTS records (
    id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, partition INTEGER NOT NULL, key TEXT NOT NULL,
    headers TEXT NOT NULL, sha256 TEXT NOT NULL, at INTEGER NOT NULL, value BLOB NOT NULL
  );
  CREATE INDEX IF NOT EXISTS records_by_topic ON records (topic, id);
  -- One row per record and group until the group has acknowledged it. owner: the member that works on it.
  CREATE TABLE IF NOT EXISTS deliveries (
    topic TEXT NOT NULL, grp TEXT NOT NULL, record INTEGER NOT NULL, key TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, crashes INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL DEFAULT 0, owner TEXT, PRIMARY KEY (topic, grp, record)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS deliveries_by_key ON deliveries (topic, grp, key, record);
  CREATE INDEX IF NOT EXISTS deliveries_by_record ON deliveries (record);
  CREATE TABLE IF NOT EXISTS groups (topic TEXT NOT NULL, grp TEXT NOT NULL, PRIMARY KEY (topic, grp)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS members (id TEXT PRIMARY KEY, home TEXT NOT NULL, pid INTEGER NOT NULL, started TEXT NOT NULL, beat INTEGER NOT NULL) WITHOUT ROWID;
`;

/**
 * Opens the file of the embedded bus and makes its tables.
 * @throws DailiesError BUS_FAILED, DISK_FULL, PERMISSION_DENIED with what to do
 */
export function openDatabase(path: string, options: { readonly readOnly: boolean }): DatabaseSync {
  return guarded(path, () => {
    const db = new DatabaseSync(path, { readOnly: options.readOnly, timeout: 10_000 });
    if (options.readOnly) return db;
    // Freed pages are given back in small steps, so that the file does not keep the size of its busiest hour.
    db.exec('PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864;');
    db.exec('BEGIN IMMEDIATE');
    const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
    if (version > VERSION) throw new DailiesError('BUS_FAILED', `${path} was written by a newer version of Dailies. Run that version, or move the file away: recordings are found again by themselves.`);
    db.exec(TABLES);
    db.exec(`PRAGMA user_version=${VERSION}`);
    db.exec('COMMIT');
    return db;
  });
}

const FULL = 13;
const READONLY = 8;
const CANTOPEN = 14;
const CORRUPT = 11;
const NOTADB = 26;

/** Runs something on the database; its errors become ours. Codes: https://www.sqlite.org/rescode.html (primary codes). */
export function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof Error) || cause instanceof DailiesError || !('errcode' in cause)) throw cause;
    const code = Number(cause.errcode) & 0xff;
    if (code === FULL) throw new DailiesError('DISK_FULL', `No space is left for the bus (${path}). Free some space on its disk; work goes on by itself.`, { cause });
    if (code === READONLY || code === CANTOPEN) throw new DailiesError('PERMISSION_DENIED', `The bus ${path} cannot be opened or written (${cause.message}). Check the owner and the rights of the file and its folder.`, { cause });
    if (code === CORRUPT || code === NOTADB) throw new DailiesError('BUS_FAILED', `The bus ${path} is damaged (${cause.message}). Move the file away and start again: recordings that have no film yet are found again.`, { cause });
    throw new DailiesError('BUS_FAILED', `The bus ${path} failed: ${cause.message}`, { cause });
  }
}
