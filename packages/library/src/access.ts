import { dirname } from 'node:path';
import { DailiesError, type ErrorCode, toDailiesError } from '@dailies/contracts';

/** The system's short name of an error (`ENOENT`), or '' for anything else that was thrown. */
export function errnoOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
}

/** What was tried when a system call failed; it decides which right is missing. */
export type Access = 'read' | 'write';

const OUT_OF_REACH: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS']);
const OUT_OF_SPACE: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

/**
 * Makes a system error one that says what to do: which folder, which user, which command. Others (among them ENOENT,
 * which callers handle) stay what they are.
 * @param path for `write` the folder or the file that was to be written
 */
export function explain(thrown: unknown, access: Access, path: string): unknown {
  if (thrown instanceof DailiesError) return thrown;
  const errno = errnoOf(thrown);
  if (OUT_OF_REACH.has(errno)) return problem('PERMISSION_DENIED', denied(errno, access, path), thrown, path);
  if (OUT_OF_SPACE.has(errno)) {
    const what = errno === 'EDQUOT' ? 'The disk quota is used up for' : 'There is no space left on the disk of';
    return problem('DISK_FULL', `${what} ${quote(path)}. Free some space; work goes on by itself.`, thrown, path);
  }
  return thrown;
}

/** As `explain`, for the places where no error is expected: everything becomes a DailiesError that names the path. */
export function explained(thrown: unknown, access: Access, path: string): DailiesError {
  const error = explain(thrown, access, path);
  if (error instanceof DailiesError) return error;
  const known = toDailiesError(error);
  return problem(
    known.code === 'INTERNAL' ? 'IO_FAILED' : known.code,
    `${quote(path)}: ${known.message}`,
    thrown,
    path,
  );
}

function problem(code: ErrorCode, message: string, cause: unknown, path: string): DailiesError {
  return new DailiesError(code, message, { cause, details: { path } });
}

function denied(errno: string, access: Access, path: string): string {
  const name = quote(path);
  if (errno === 'EROFS') return `${name} is on a read-only file system. Mount it writable; work goes on by itself.`;
  const uid = process.geteuid?.();
  const gid = process.getegid?.();
  const who = uid === undefined ? 'this user' : `uid ${uid}`;
  // Root is refused by nothing but a flag (chattr +i), a root-squashing NFS server or a security module.
  if (uid === 0) {
    return `${name} cannot be ${access === 'read' ? 'read' : 'written'} even by root (${errno}): look for an immutable flag (lsattr -d ${name}), a root-squashing NFS export, or SELinux.`;
  }
  if (access === 'read') return `${name} cannot be read by ${who} (${errno}). Let it: sudo chmod -R a+rX ${name}`;
  const owner = uid === undefined ? 'USER' : `${uid}:${gid}`;
  return `${name} cannot be written by ${who} (${errno}). Let it: sudo chown -R ${owner} ${name} && sudo chmod -R u+rwX ${name}`;
}

/** A path as one would type it in a shell; control characters are escaped, so that it stays on one line of a log. */
export function quote(path: string): string {
  if (/^[\w@%+=:,./-]+$/.test(path)) return path;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these must not reach a terminal
  if (!/[\u0000-\u001f\u007f]/.test(path)) return `'${path.replaceAll("'", "'\\''")}'`;
  const escaped = path
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "\\'")
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
    .replace(/[\u0000-\u001f\u007f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `$'${escaped}'`;
}

/** Runs a system call for a path, so that its error says what to do. */
export async function accessing<T>(access: Access, path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    throw explain(thrown, access, path);
  }
}

/** The folder to name when a file in it could not be written: rights to make and rename files are the folder's. */
export const folderOf = (file: string): string => dirname(file);
