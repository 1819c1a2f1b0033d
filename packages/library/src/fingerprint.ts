import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { DailiesError } from '@dailies/contracts';
import { accessing, errnoOf, quote } from './access.ts';

/** What identifies the content of a file without reading it whole. */
export interface Description {
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly ino: number;
  /** SHA-256 in hex over the first 64 KiB, the last 64 KiB (they overlap in small files) and the size as decimal text. */
  readonly fingerprint: string;
}

const SAMPLE_BYTES = 64 * 1024;

/**
 * Describes a regular file. Symbolic links are not followed.
 * @throws DailiesError PERMISSION_DENIED, RECORDING_SYMLINK, RECORDING_UNREADABLE (no regular file), system errors
 *   (ENOENT) as they are
 */
export async function describe(file: string): Promise<Description> {
  const handle = await openRegular(file);
  try {
    const { size } = await handle.stat();
    const hash = createHash('sha256');
    hash.update(await readAt(handle, 0, Math.min(size, SAMPLE_BYTES)));
    hash.update(await readAt(handle, Math.max(0, size - SAMPLE_BYTES), Math.min(size, SAMPLE_BYTES)));
    hash.update(String(size));
    // Times are taken after the bytes: a change in between shows as a time that the caller has not seen before.
    const { mtimeMs, ino } = await handle.stat();
    return { sizeBytes: size, mtimeMs, ino, fingerprint: hash.digest('hex') };
  } finally {
    await handle.close();
  }
}

export async function fingerprint(file: string): Promise<string> {
  return (await describe(file)).fingerprint;
}

/** Opens a regular file to read it. Neither a symbolic link nor a named pipe that took its place is opened. */
export async function openRegular(file: string): Promise<FileHandle> {
  const handle = await accessing('read', file, async () => {
    try {
      return await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (error) {
      if (errnoOf(error) !== 'ELOOP') throw error;
      throw new DailiesError('RECORDING_SYMLINK', `${quote(file)} is a symbolic link; it was not opened.`, {
        cause: error,
      });
    }
  });
  const stat = await handle.stat();
  if (stat.isFile()) return handle;
  await handle.close();
  throw new DailiesError('RECORDING_UNREADABLE', `${quote(file)} is no regular file.`);
}

/** Reads exactly `length` bytes at `position`, or fewer when the file ends before. */
export async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
