import { opendir } from 'node:fs/promises';
import { DailiesError } from '@dailies/contracts';
import { accessing, errnoOf, quote } from './access.ts';

/** What a new file system holds before anybody has put something there. */
const NEW_DISK: ReadonlySet<string> = new Set(['lost+found']);

/**
 * Why a recordings folder cannot be the one that recordings were found in: it is missing, or as empty as the place where a
 * disk is to be mounted. Null when something is in it, if only our own folders.
 * @param mayBeEmpty none of our own folders lies in it, so that it is empty when all recordings are done
 * @returns DailiesError FOLDER_ABSENT
 * @throws DailiesError PERMISSION_DENIED
 */
export async function whyAbsent(root: string, mayBeEmpty: boolean): Promise<DailiesError | null> {
  try {
    for await (const { name } of await accessing('read', root, () => opendir(root))) {
      if (!NEW_DISK.has(name)) return null;
    }
    return mayBeEmpty ? null : absent(root, 'is empty');
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return absent(root, 'is not there');
    throw thrown;
  }
}

function absent(root: string, how: string): DailiesError {
  return new DailiesError(
    'FOLDER_ABSENT',
    `The recordings folder ${quote(root)} ${how}, though recordings of it are under way. Mount its disk; work goes on by itself.`,
  );
}
