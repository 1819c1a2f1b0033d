/** Version of the tables, in SQLite's `user_version`. Other versions are refused, not converted: the work is found again. */
export const SCHEMA_VERSION = 2;

/**
 * Set before the first table is made; the order matters (journal_mode=WAL fixes the page size).
 * Pages of 16 KiB: a record of 8 MiB is written in about half the time that it takes with 4 KiB.
 * auto_vacuum=INCREMENTAL: freed pages can be given back in small steps, see `Store.tidy`.
 */
export const NEW_FILE = 'PRAGMA page_size=16384; PRAGMA auto_vacuum=INCREMENTAL;';

/** journal_size_limit: the log keeps up to 64 MiB after a checkpoint, which also lets acknowledgements through on a full disk. */
export const CONNECTION = 'PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864;';

export const TABLES = `
  CREATE TABLE records (
    -- Ids are handed out within write transactions, one at a time: they become visible in their order.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    key TEXT NOT NULL,
    headers TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    at INTEGER NOT NULL,
    value BLOB NOT NULL
  );
  CREATE INDEX records_by_topic ON records (topic, id);

  -- One row per record and group until the group has acknowledged it.
  CREATE TABLE deliveries (
    topic TEXT NOT NULL,
    grp TEXT NOT NULL,
    record INTEGER NOT NULL,
    key TEXT NOT NULL,
    retries INTEGER NOT NULL DEFAULT 0,
    waits INTEGER NOT NULL DEFAULT 0,
    deaths INTEGER NOT NULL DEFAULT 0,
    -- ms since 1970; 0: at once
    not_before INTEGER NOT NULL DEFAULT 0,
    -- The member that works on it, and a number that grows with each claim: it tells a claim from a later one of the same member.
    owner TEXT,
    lease INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (topic, grp, record)
  ) WITHOUT ROWID;
  CREATE INDEX deliveries_by_key ON deliveries (topic, grp, key, record);
  CREATE INDEX deliveries_by_record ON deliveries (record);
  CREATE INDEX deliveries_by_owner ON deliveries (owner) WHERE owner IS NOT NULL;
  CREATE INDEX deliveries_by_time ON deliveries (topic, grp, not_before) WHERE not_before > 0;

  CREATE TABLE groups (topic TEXT NOT NULL, grp TEXT NOT NULL, PRIMARY KEY (topic, grp)) WITHOUT ROWID;

  CREATE TABLE members (
    id TEXT PRIMARY KEY,
    home TEXT NOT NULL,
    pid INTEGER NOT NULL,
    started TEXT NOT NULL,
    beat INTEGER NOT NULL
  ) WITHOUT ROWID;
`;
