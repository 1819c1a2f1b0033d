import { lstat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DailiesError } from '@dailies/contracts';
import { errnoOf, quote } from './access.ts';
import { discardTemporaries } from './durable.ts';
import { describe } from './fingerprint.ts';
import { numbered, ownerOf } from './names.ts';
import { publishNew } from './publish.ts';

/**
 * Moves an original, never over another file, also to another disk (copied, read back, compared, then removed). After a
 * crash at any point a second call finishes the move or recognises that it was done.
 * @param fingerprint of the original, by which it is known when it has moved already
 * @returns the path that is used: `to`, or `to (2)` … when another file has that name
 * @throws DailiesError RECORDING_GONE when it is neither here nor there; RECORDING_CHANGED when it has other content;
 *   DISK_FULL, PERMISSION_DENIED
 */
export async function moveOriginal(from: string, to: string, fingerprint: string): Promise<string> {
  const owner = ownerOf(`${to}\0${fingerprint}`);
  const found = await describe(from).catch((error: unknown) => {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return null;
    throw error;
  });
  if (found?.fingerprint !== fingerprint) {
    // It may have moved before a crash, and somebody has put another file in its place since.
    const moved = await findNumbered(to, fingerprint);
    if (moved) return moved;
  }
  if (!found) throw gone(from);
  if (found.fingerprint !== fingerprint) {
    throw new DailiesError('RECORDING_CHANGED', `${quote(from)} was replaced or changed; it was not moved.`);
  }
  await discardTemporaries(dirname(to), owner);
  try {
    // It is looked at again under its new name: it may be replaced between our look and the move.
    return await publishNew(from, to, owner, fingerprint);
  } catch (error) {
    const isGone = errnoOf(error) === 'ENOENT';
    if (!isGone && !(error instanceof DailiesError && error.code === 'RECORDING_CHANGED')) throw error;
    // Another process, which has taken our work over, may have moved it meanwhile.
    const moved = await findNumbered(to, fingerprint);
    if (moved) return moved;
    // Or it removes our temporaries, to move it: then the original is still there, and nothing is wrong with it.
    throw isGone && !(await lstat(from).catch(() => null)) ? gone(from) : error;
  }
}

function gone(from: string): DailiesError {
  return new DailiesError('RECORDING_GONE', `${quote(from)} is not there any more.`);
}

/** The file of this content under `to`, `to (2)` …, as far as these names are taken; null when there is none. */
export async function findNumbered(to: string, fingerprint: string): Promise<string | null> {
  for (let n = 1; ; n++) {
    const name = numbered(to, n);
    const stat = await lstat(name).catch(() => null);
    if (!stat) return null;
    if (stat.isFile() && (await describe(name)).fingerprint === fingerprint) return name;
  }
}
