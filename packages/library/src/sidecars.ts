import { lstat, readdir, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { accessing, errnoOf } from './access.ts';
import { discard, discardTemporaries, writeTemporary } from './durable.ts';
import { openRegular, readAt } from './fingerprint.ts';
import { ensureFolder, syncFolder } from './folders.ts';
import { inside } from './inside.ts';
import { FINALIZED_MARKER, isTemporary, kindOf, METADATA_FILE } from './kinds.ts';
import { publicMetadata } from './metadata-copy.ts';
import { ownerOf, temporaryIn } from './names.ts';
import { publishNew } from './publish.ts';
import { MAX_METADATA_BYTES } from './session.ts';

/**
 * After an original has moved away: puts a copy of the session's metadata.json, without its secrets, beside the film. When it was
 * the last recording of its session folder, metadata.json and the finalize marker follow it to the archived folder, and the empty
 * folder is removed. Other files are never touched, and neither is anything in the recordings folder itself, which is
 * nobody's session. Repeating it after a crash finishes it.
 * @param recording relative path of the original, as it was in the recordings folder
 * @param film relative path of the film in the processed folder
 */
export async function moveSidecars(
  folders: { recordings: string; processed: string; archived: string },
  recording: string,
  film: string,
): Promise<void> {
  const session = dirname(recording);
  if (session === '.') return;
  const folder = await inside(folders.recordings, session);
  const metadata = join(folder, METADATA_FILE);
  if (await isRegular(metadata)) {
    await publishCopyOf(metadata, join(dirname(await inside(folders.processed, film)), METADATA_FILE));
  }
  const names = await namesIn(folder);
  // Something is still being recorded, copied, graded or waits for its operator: the metadata stay with it.
  if (names === null || names.some((name) => kindOf(name) !== null || isTemporary(name))) return;
  for (const name of [METADATA_FILE, FINALIZED_MARKER]) {
    const file = join(folder, name);
    if (!(await isRegular(file))) continue;
    const target = await inside(folders.archived, `${session}/${name}`);
    await discardTemporaries(dirname(target), ownerOf(target));
    await publishNew(file, target, ownerOf(target));
  }
  await removeIfEmpty(folder);
}

/** What is no JSON, or far too long, may hold anything: then there is no copy. The original is kept in any case. */
async function publishCopyOf(file: string, target: string): Promise<void> {
  const text = await readShort(file);
  const cleaned = text === null ? null : publicMetadata(text);
  if (cleaned === null) return;
  const folder = dirname(target);
  const owner = ownerOf(target);
  await ensureFolder(folder);
  await discardTemporaries(folder, owner);
  const copy = temporaryIn(folder, owner);
  try {
    await accessing('write', folder, () => writeTemporary(copy, Buffer.from(cleaned)));
  } catch (error) {
    await discard(copy);
    throw error;
  }
  await publishNew(copy, target, owner);
}

async function readShort(file: string): Promise<string | null> {
  const handle = await openRegular(file);
  try {
    const bytes = await readAt(handle, 0, MAX_METADATA_BYTES + 1);
    return bytes.length > MAX_METADATA_BYTES ? null : bytes.toString('utf8');
  } finally {
    await handle.close();
  }
}

/** Symbolic links are not regular: an untrusted metadata.json must not bring other files along. */
async function isRegular(file: string): Promise<boolean> {
  return (await lstat(file).catch(() => null))?.isFile() === true;
}

async function namesIn(folder: string): Promise<string[] | null> {
  return accessing('read', folder, () =>
    readdir(folder).catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    }),
  );
}

async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
    await syncFolder(dirname(folder));
  } catch (error) {
    // Something else is in it, it is a mount point, or the folder above belongs to someone else: it stays, nothing is lost.
    if (!KEEP.has(errnoOf(error))) throw error;
  }
}

const KEEP: ReadonlySet<string> = new Set(['ENOTEMPTY', 'EEXIST', 'ENOENT', 'EBUSY', 'EACCES', 'EPERM']);
