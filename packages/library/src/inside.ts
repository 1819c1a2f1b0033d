import { realpathSync } from 'node:fs';
import { readlink, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { DailiesError } from '@dailies/contracts';
import { accessing, errnoOf, quote } from './access.ts';

/**
 * The absolute path of `path` inside `root`, which is absolute and real. The file need not exist.
 * @throws DailiesError MESSAGE_INVALID when the path is absolute, climbs (`..`), holds NUL or is empty; RECORDING_SYMLINK
 *   when a symbolic link on the way leads out of the root; PERMISSION_DENIED when the way cannot be walked
 */
export async function inside(root: string, path: string): Promise<string> {
  const parts = path.split('/');
  if (
    path === '' ||
    isAbsolute(path) ||
    path.includes('\0') ||
    parts.some((part) => part === '..' || part === '.' || part === '')
  ) {
    throw new DailiesError(
      'MESSAGE_INVALID',
      `${quote(path)} is no relative path inside ${quote(root)}; it was not opened.`,
    );
  }
  const file = join(root, ...parts);
  const real = await accessing('read', file, () => realOf(file));
  if (!contains(root, real)) {
    throw new DailiesError(
      'RECORDING_SYMLINK',
      `${quote(path)} leads out of ${quote(root)} through a symbolic link; it was not opened.`,
    );
  }
  return file;
}

/** Whether `path` is `root` or below it; both absolute. */
export function contains(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

const MAX_LINKS = 40;

/**
 * Where a path really leads when all symbolic links are followed, also when its end does not exist (a dangling link
 * leads to where its target would be).
 */
export async function realOf(path: string, links = 0): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ELOOP' || links > MAX_LINKS) {
      throw new DailiesError('RECORDING_SYMLINK', `${quote(path)} is a symbolic link that goes round in circles.`, {
        cause: error,
      });
    }
    if (errno !== 'ENOENT' && errno !== 'ENOTDIR') throw error;
  }
  const parent = dirname(path);
  if (parent === path) return path;
  const realParent = await realOf(parent, links);
  const end = join(realParent, basename(path));
  const target = await readlink(end).catch(() => null);
  return target === null ? end : realOf(resolve(realParent, target), links + 1);
}

/** As `realOf`, at start-up, for folders of the configuration: the missing end is kept as it is. */
export function realFolder(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch (error) {
    const parent = dirname(absolute);
    if (errnoOf(error) !== 'ENOENT' || parent === absolute) return absolute;
    return join(realFolder(parent), basename(absolute));
  }
}
