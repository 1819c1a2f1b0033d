import { createHash } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DailiesError } from '@dailies/contracts';
import { errnoOf, explain, quote } from './access.ts';
import { openRegular } from './fingerprint.ts';
import { syncFolder } from './folders.ts';
import { isTemporaryOf, ownerOf, temporaryIn } from './names.ts';

/** Bytes, several pieces of them, or a stream. */
export type Content = Uint8Array | readonly Uint8Array[] | AsyncIterable<Uint8Array>;

const CHUNK_BYTES = 1024 * 1024;

/**
 * Writes a file so that it is there whole or not at all, also after a crash or a power cut: a temporary in the same
 * folder, fsync, rename, fsync of the folder. What had the name before is replaced.
 * @throws DailiesError DISK_FULL, PERMISSION_DENIED; nothing is left behind then
 */
export async function writeDurable(path: string, content: Content): Promise<void> {
  const folder = dirname(path);
  const temporary = temporaryIn(folder, ownerOf(path));
  try {
    await writeTemporary(temporary, content);
    await rename(temporary, path);
  } catch (thrown) {
    await discard(temporary);
    throw explain(thrown, 'write', folder);
  }
  await syncFolder(folder);
}

/** Writes and syncs a new file; the caller gives it its name, and removes what is left when this fails. */
export async function writeTemporary(path: string, content: Content): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await writeAll(handle, content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, content: Content): Promise<void> {
  const pieces = content instanceof Uint8Array ? [content] : content;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) at += (await handle.write(piece, at)).bytesWritten;
  }
}

/**
 * Copies a file to a new one on another disk and reads the copy back: size and SHA-256 are equal when this resolves.
 * Times are kept, the owner where that is allowed.
 * @throws DailiesError DISK_FULL, PERMISSION_DENIED, RECORDING_CHANGED (the source changed meanwhile), IO_FAILED (the
 *   copy reads back differently); nothing is left behind then
 */
export async function copyDurable(from: string, to: string): Promise<void> {
  const source = await openRegular(from);
  try {
    const before = await source.stat();
    const written = createHash('sha256');
    const hashed = async function* (): AsyncGenerator<Uint8Array> {
      for await (const piece of chunks(source)) {
        written.update(piece);
        yield piece;
      }
    };
    const target = await open(to, 'wx', before.mode & 0o777);
    try {
      await writeAll(target, hashed());
      // Only root may give files away; that the copy belongs to us is no reason to fail.
      await target.chown(before.uid, before.gid).catch(() => undefined);
      await target.utimes(before.atime, before.mtime);
      await target.sync();
    } finally {
      await target.close();
    }
    const after = await source.stat();
    if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) {
      throw new DailiesError('RECORDING_CHANGED', `${quote(from)} changed while it was copied.`);
    }
    if ((await sha256Of(to)) !== written.digest('hex')) {
      throw new DailiesError(
        'IO_FAILED',
        `The copy of ${quote(from)} in ${quote(dirname(to))} reads back differently; the original was kept.`,
      );
    }
  } catch (thrown) {
    await discard(to);
    throw explain(thrown, 'write', dirname(to));
  } finally {
    await source.close();
  }
}

/** SHA-256 of a whole file, in hex. */
export async function sha256Of(file: string): Promise<string> {
  const handle = await openRegular(file);
  try {
    const hash = createHash('sha256');
    for await (const piece of chunks(handle)) hash.update(piece);
    return hash.digest('hex');
  } finally {
    await handle.close();
  }
}

/** The file from its beginning. A piece is valid until the next one is asked for. */
async function* chunks(handle: FileHandle): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let at = 0; ; ) {
    const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Removes a file that may not be there; failing to do so is no reason to fail. */
export async function discard(file: string): Promise<void> {
  await unlink(file).catch(() => undefined);
}

/** Removes what a crash left of an owner's temporaries in a folder. */
export async function discardTemporaries(folder: string, owner: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return [];
    throw explain(error, 'read', folder);
  });
  for (const name of names) if (isTemporaryOf(name, owner)) await rm(join(folder, name), { force: true });
}
