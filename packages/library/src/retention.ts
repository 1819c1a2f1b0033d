import { lstat, realpath, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { accessing, errnoOf, explain } from './access.ts';
import { describe } from './fingerprint.ts';
import { syncFolder } from './folders.ts';
import { inside } from './inside.ts';
import { structureOf } from './structure.ts';

/** An original and its film as the events tell of them; paths are relative to their folders. */
export interface ArchivedOriginal {
  readonly archived: string;
  readonly sizeBytes: number;
  readonly fingerprint: string;
  readonly film: string;
  readonly filmBytes: number;
}

interface Folders {
  readonly processed: string;
  readonly archived: string;
}

/**
 * Looks whether an original may be deleted: its film is where it was published, of the size that it had then, and whole;
 * and the archived file is the very one that was archived. Symbolic links are not followed anywhere.
 * @returns null when it may, else why not
 */
export async function whyKept(original: ArchivedOriginal, folders: Folders): Promise<string | null> {
  try {
    return (await filmProblem(original, folders)) ?? (await originalProblem(original, folders));
  } catch (thrown) {
    const error = explain(thrown, 'read', folders.archived);
    return `it cannot be checked: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function filmProblem({ film, filmBytes }: ArchivedOriginal, { processed }: Folders): Promise<string | null> {
  const file = await plainFile(processed, film);
  if (file === null) return 'its film is not there any more';
  const { size } = await lstat(file);
  if (size !== filmBytes) return `its film has ${size} bytes, not the ${filmBytes} that it had when it was published`;
  return (await structureOf(file)) === 'incomplete' ? 'its film is not complete' : null;
}

async function originalProblem(original: ArchivedOriginal, { archived }: Folders): Promise<string | null> {
  const file = await plainFile(archived, original.archived);
  if (file === null) return 'it is not there any more';
  const found = await describe(file);
  const isSame = found.sizeBytes === original.sizeBytes && found.fingerprint === original.fingerprint;
  return isSame ? null : 'it is another file than the one that was archived';
}

/** The absolute path of a regular file below `root` that no symbolic link leads to; null when there is none. */
async function plainFile(root: string, path: string): Promise<string | null> {
  const file = await inside(root, path);
  try {
    if ((await realpath(dirname(file))) !== dirname(file)) return null;
    return (await lstat(file)).isFile() ? file : null;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return null;
    throw error;
  }
}

/**
 * Deletes an original after it was checked once more, and nothing else: what lies beside it stays.
 * @returns null when it is gone, else why it was kept
 * @throws DailiesError PERMISSION_DENIED, system errors
 */
export async function removeOriginal(original: ArchivedOriginal, folders: Folders): Promise<string | null> {
  const why = await whyKept(original, folders);
  if (why !== null) return why;
  const file = await inside(folders.archived, original.archived);
  await accessing('write', dirname(file), () => unlink(file));
  await syncFolder(dirname(file));
  return null;
}
