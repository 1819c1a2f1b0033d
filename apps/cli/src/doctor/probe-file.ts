import { randomBytes } from 'node:crypto';
import { open, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from '@dailies/library';

/** A name that is never taken for a recording: a dot file with our prefix. */
export const probeName = (): string => `.dailies-doctor-${randomBytes(6).toString('hex')}`;

const CONTENT = 'written by dailies doctor; may be deleted\n';

/**
 * Writes a small file, syncs it, and hands it to `use`; it is gone afterwards.
 * @throws system errors of the writing
 */
export async function withProbeFile<T>(folder: string, use: (file: string) => Promise<T>): Promise<T> {
  const file = join(folder, probeName());
  const handle = await open(file, 'wx');
  try {
    try {
      await handle.writeFile(CONTENT);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return await use(file);
  } finally {
    await unlink(file).catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT') throw error;
    });
  }
}

/** The folder itself when it is there, else the nearest one above it that is. */
export async function nearestFolder(folder: string): Promise<string> {
  try {
    await stat(folder);
    return folder;
  } catch (error) {
    const errno = errnoOf(error);
    if ((errno !== 'ENOENT' && errno !== 'ENOTDIR') || dirname(folder) === folder) throw error;
    return nearestFolder(dirname(folder));
  }
}
