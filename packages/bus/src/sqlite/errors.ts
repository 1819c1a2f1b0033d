import { DailiesError } from '@dailies/contracts';

/** Primary result codes of SQLite: https://www.sqlite.org/rescode.html */
export const SQLITE = {
  BUSY: 5,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  NOTADB: 26,
} as const;

/** The primary result code of an error that node:sqlite threw, or null when it is not one of SQLite. */
export function resultCode(thrown: unknown): number | null {
  return thrown instanceof Error && 'errcode' in thrown ? Number(thrown.errcode) & 0xff : null;
}

/** Runs something on the database at `path`; errors of SQLite become ours, with what to do. */
export function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    const code = resultCode(thrown);
    if (code === null || !(thrown instanceof Error)) throw thrown;
    throw explained(path, code, thrown);
  }
}

function explained(path: string, code: number, cause: Error): DailiesError {
  const options = { cause, details: { sqlite: code } };
  switch (code) {
    case SQLITE.FULL:
      return new DailiesError(
        'DISK_FULL',
        `No space is left for the bus (${path}). Free some space on its disk; work goes on by itself.`,
        options,
      );
    case SQLITE.READONLY:
    case SQLITE.CANTOPEN:
      return new DailiesError(
        'PERMISSION_DENIED',
        `The bus ${path} cannot be opened or written (${cause.message}). Check the owner and the rights of the file and of its folder.`,
        options,
      );
    case SQLITE.IOERR:
      return new DailiesError('IO_FAILED', `The bus ${path} cannot be read or written: ${cause.message}.`, options);
    case SQLITE.BUSY:
      return new DailiesError(
        'BUS_FAILED',
        `The bus ${path} was locked by another process for too long. Is its disk very slow, or on a network?`,
        options,
      );
    case SQLITE.CORRUPT:
    case SQLITE.NOTADB:
      return new DailiesError(
        'BUS_FAILED',
        `The bus ${path} is damaged (${cause.message}). Move the file away, and those beside it that end in -wal and -shm, and start again: recordings that have no film yet are found again.`,
        options,
      );
    default:
      return new DailiesError('BUS_FAILED', `The bus ${path} failed: ${cause.message}`, options);
  }
}

/** True when trying again cannot help. */
export function isDamage(error: DailiesError): boolean {
  return error.details.sqlite === SQLITE.CORRUPT || error.details.sqlite === SQLITE.NOTADB;
}
