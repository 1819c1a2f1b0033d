import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { DailiesError, toDailiesError } from '@dailies/contracts';
import { guarded, resultCode, SQLITE } from './errors.ts';
import { CONNECTION, NEW_FILE, SCHEMA_VERSION, TABLES } from './schema.ts';

/** How long a statement waits for the lock of another process, in ms. It blocks the thread, so it stays below the expiry of a heartbeat. */
const LOCK_TIMEOUT_MS = 5000;

/** A connection to the file of the bus: prepared statements, transactions, and errors that say what to do. */
export class Database {
  readonly path: string;
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(db: DatabaseSync, path: string) {
    this.#db = db;
    this.path = path;
  }

  /** A statement, prepared once. */
  sql(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (!statement) {
      statement = this.#db.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }

  exec(text: string): void {
    this.#db.exec(text);
  }

  read<T>(work: () => T): T {
    return guarded(this.path, work);
  }

  /** All or nothing, and on the disk when it returns. */
  write<T>(work: () => T): T {
    return guarded(this.path, () => this.#transaction(work));
  }

  /**
   * All or nothing, and seen by other processes when it returns, but not waited for on the disk: a power cut may undo it
   * (never what was written with `write` before). For claims and heartbeats, which mean nothing after a power cut.
   * See https://www.sqlite.org/pragma.html#pragma_synchronous on NORMAL in WAL mode.
   */
  writeLightly<T>(work: () => T): T {
    return guarded(this.path, () => {
      this.#db.exec('PRAGMA synchronous=NORMAL');
      try {
        return this.#transaction(work);
      } finally {
        this.#db.exec('PRAGMA synchronous=FULL');
      }
    });
  }

  #transaction<T>(work: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#db.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    this.#db.close();
  }
}

/**
 * Opens the file of the bus; makes it, its folder and its tables when they are missing and it is not opened for reading.
 * @throws DailiesError BUS_FAILED, DISK_FULL, PERMISSION_DENIED with what to do
 */
export function openDatabase(path: string, { readOnly }: { readonly readOnly: boolean }): Database {
  if (readOnly) return openToRead(path);
  makeFolder(dirname(path));
  return opened(
    path,
    () => new DatabaseSync(path, { timeout: LOCK_TIMEOUT_MS }),
    (db) => {
      if (versionOf(db) === 0) db.exec(NEW_FILE);
      db.exec(CONNECTION);
      db.exec('BEGIN IMMEDIATE');
      const version = versionOf(db);
      if (version === 0) {
        db.exec(TABLES);
        db.exec(`PRAGMA user_version=${SCHEMA_VERSION}`);
      } else refuseOthers(path, version);
      db.exec('COMMIT');
    },
  );
}

function openToRead(path: string): Database {
  if (!existsSync(path)) throw new DailiesError('BUS_FAILED', `There is no bus at ${path}. Start Dailies first.`);
  const check = (db: DatabaseSync): void => {
    const version = versionOf(db);
    if (version === 0) throw new DailiesError('BUS_FAILED', `${path} is no bus, or it is just being made. Try again.`);
    refuseOthers(path, version);
  };
  const options = { readOnly: true, timeout: LOCK_TIMEOUT_MS };
  try {
    return opened(path, () => new DatabaseSync(path, options), check);
  } catch (error) {
    // Reading a WAL database makes helper files beside it, which a reader without write permission cannot. When there is
    // no log, nobody has the file open and it holds all, so it can be read as it is.
    const code = error instanceof DailiesError ? resultCode(error.cause) : null;
    if ((code !== SQLITE.READONLY && code !== SQLITE.CANTOPEN) || existsSync(`${path}-wal`)) throw error;
    const url = pathToFileURL(path);
    url.searchParams.set('immutable', '1');
    return opened(path, () => new DatabaseSync(url, options), check);
  }
}

/** A connection that is closed again when it cannot be prepared. */
function opened(path: string, open: () => DatabaseSync, prepare: (db: DatabaseSync) => void): Database {
  return guarded(path, () => {
    const db = open();
    try {
      prepare(db);
    } catch (error) {
      db.close();
      throw error;
    }
    return new Database(db, path);
  });
}

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.user_version);
}

function refuseOthers(path: string, version: number): void {
  if (version === SCHEMA_VERSION) return;
  throw new DailiesError(
    'BUS_FAILED',
    `The bus ${path} was written by another version of Dailies (${version}, this one reads ${SCHEMA_VERSION}). Run that version, or move the file away and start again: recordings that have no film yet are found again.`,
  );
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    const { code } = toDailiesError(error);
    throw new DailiesError(
      code,
      `The folder ${folder} for the bus cannot be made. Check the rights and the space there.`,
      {
        cause: error,
      },
    );
  }
}
