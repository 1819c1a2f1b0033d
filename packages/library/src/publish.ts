import type { Stats } from 'node:fs';
import { type FileHandle, link, lstat, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DailiesError } from '@dailies/contracts';
import { accessing, errnoOf, explain, quote } from './access.ts';
import { copyDurable, discard, sha256Of } from './durable.ts';
import { describe } from './fingerprint.ts';
import { ensureFolder, syncFolder } from './folders.ts';
import { numbered, temporaryIn } from './names.ts';

const MAX_TRIES = 10_000;

/**
 * Gives a file its final name, atomically and without ever overwriting another one: a name that is taken becomes
 * `name (2)`, `name (3)` … A file of the same bytes under one of those names is taken for an earlier, interrupted try of
 * the same, so that repeating this after a crash at any point gives one file. The source is gone afterwards. Another
 * process may do the same at the same time, and may have ended it while we were frozen between any two steps.
 * @param owner 16 hex digits, the same at each try
 * @param mark the fingerprint that the source must have when it gets its name; another one may be put in its place
 *   after whoever calls this has looked
 * @returns the path that is used
 * @throws DailiesError DISK_FULL, PERMISSION_DENIED, RECORDING_CHANGED; ENOENT as it is when there is no such source
 */
export async function publishNew(file: string, target: string, owner: string, mark?: string): Promise<string> {
  const folder = dirname(target);
  await ensureFolder(folder);
  const used = await accessing('write', folder, () => publishWith(file, target, owner, mark));
  await syncFolder(folder);
  if (dirname(file) !== folder) await syncFolder(dirname(file));
  return used;
}

async function publishWith(file: string, target: string, owner: string, mark: string | undefined): Promise<string> {
  const before = await lstat(file);
  for (let n = 1; n <= MAX_TRIES; n++) {
    const name = numbered(target, n);
    const step = await take(file, name, owner, mark);
    if (step === 'done') return name;
    if (step === 'other-disk') return publishCopy(file, target, owner, mark);
    if (await sameFile(file, name)) {
      await removeUnchanged(file, before);
      return name;
    }
  }
  throw new DailiesError('IO_FAILED', `${quote(target)}: all names up to (${MAX_TRIES}) are taken.`);
}

/** The source is on another disk: only a copy beside the target can be given its name atomically. */
async function publishCopy(file: string, target: string, owner: string, mark: string | undefined): Promise<string> {
  const before = await lstat(file);
  // What an earlier try has finished need not be copied again.
  for (let n = 1; n <= MAX_TRIES; n++) {
    const name = numbered(target, n);
    if (!(await exists(name))) break;
    if (await sameFile(file, name)) {
      await removeUnchanged(file, before);
      return name;
    }
  }
  const copy = temporaryIn(dirname(target), owner);
  await copyDurable(file, copy);
  try {
    const used = await publishWith(copy, target, owner, mark).catch((error: unknown) => {
      throw error instanceof DailiesError && error.code === 'RECORDING_CHANGED' ? changed(file) : error;
    });
    await syncFolder(dirname(used));
    await removeUnchanged(file, before);
    return used;
  } catch (error) {
    await discard(copy);
    throw error;
  }
}

type Step = 'done' | 'taken' | 'other-disk';

/** One try to give `file` exactly this name. */
async function take(file: string, name: string, owner: string, mark: string | undefined): Promise<Step> {
  try {
    await link(file, name);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EEXIST') return (await isReservation(name, owner)) ? moveOnto(file, name, owner, mark) : 'taken';
    if (errno === 'EXDEV') return 'other-disk';
    if (NO_LINKS.has(errno)) return reserveAndMove(file, name, owner, mark);
    throw error;
  }
  // The file may have been replaced after it was linked: then what stands there now is not ours to remove.
  if (!(await sameInode(file, name))) return 'done';
  try {
    if (!(await isMarked(name, mark))) throw changed(file);
    await removeSource(file);
  } catch (error) {
    // It may not be removed from its folder: it shall not be in two places until somebody changes that. But never the
    // only link: whoever has ended this in our place has removed the other one.
    if (await sameInode(file, name)) await discard(name);
    throw error;
  }
  return 'done';
}

/** No hard links on this file system, or none to files of other users (Linux: fs.protected_hardlinks). */
const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL']);

/** Without links: a new file that says whose it is keeps the name, and the real one is renamed over it. */
async function reserveAndMove(file: string, name: string, owner: string, mark: string | undefined): Promise<Step> {
  let handle: FileHandle;
  try {
    handle = await open(name, 'wx');
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    return (await isReservation(name, owner)) ? moveOnto(file, name, owner, mark) : 'taken';
  }
  try {
    await handle.writeFile(reservation(owner));
  } finally {
    await handle.close();
  }
  return moveOnto(file, name, owner, mark);
}

/** Renames the file over our reservation, which is taken back when that fails. */
async function moveOnto(file: string, name: string, owner: string, mark: string | undefined): Promise<Step> {
  try {
    await rename(file, name);
  } catch (error) {
    // No reservation any more: another process has moved the file over it.
    const isOurs = await isReservation(name, owner);
    if (isOurs) await discard(name);
    const errno = errnoOf(error);
    if (errno === 'ENOENT' && !isOurs && (await exists(name))) return 'done';
    if (errno === 'EXDEV') return 'other-disk';
    // The new name could be made, so what is refused is to take the old one away.
    throw explain(error, 'write', dirname(file));
  }
  if (await isMarked(name, mark)) return 'done';
  // Back, unless there is a newer one by now; that window is as small as two system calls.
  if (!(await exists(file))) await rename(name, file);
  throw changed(file);
}

/** Whether a file is the one that was meant. */
async function isMarked(name: string, mark: string | undefined): Promise<boolean> {
  return mark === undefined || (await describe(name)).fingerprint === mark;
}

function changed(file: string): DailiesError {
  return new DailiesError('RECORDING_CHANGED', `${quote(file)} was replaced or changed; it was not moved.`);
}

const reservation = (owner: string): string => `Dailies keeps this name for ${owner}.\n`;

/** Left by a crash between the reservation and the rename. */
async function isReservation(name: string, owner: string): Promise<boolean> {
  const text = reservation(owner);
  const stat = await lstat(name).catch(() => null);
  return stat?.isFile() === true && stat.size === text.length && (await readFile(name, 'utf8')) === text;
}

/**
 * Removes the source if it is still the file that was read. Copying and hashing take minutes for a large one, and what has
 * been put in its place meanwhile, or written into it, is a recording of its own: it stays, and is found as one.
 */
async function removeUnchanged(file: string, before: Stats): Promise<void> {
  const now = await lstat(file).catch(() => null);
  if (now === null) return;
  const isSame =
    now.dev === before.dev && now.ino === before.ino && now.size === before.size && now.mtimeMs === before.mtimeMs;
  if (isSame) await removeSource(file);
}

async function removeSource(file: string): Promise<void> {
  try {
    await accessing('write', dirname(file), () => unlink(file));
  } catch (error) {
    // Another process, which has taken our work over, was faster.
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

async function exists(file: string): Promise<boolean> {
  return (await lstat(file).catch(() => null)) !== null;
}

async function sameInode(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([lstat(a).catch(() => null), lstat(b).catch(() => null)]);
  return one !== null && other !== null && one.ino === other.ino && one.dev === other.dev;
}

/** Whether two regular files are one, or hold the same bytes. Cheap unless they really do. */
export async function sameFile(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([lstat(a), lstat(b)]);
  if (!one.isFile() || !other.isFile() || one.size !== other.size) return false;
  if (one.ino === other.ino && one.dev === other.dev) return true;
  const [first, second] = [await describe(a), await describe(b)];
  return first.fingerprint === second.fingerprint && (await sha256Of(a)) === (await sha256Of(b));
}
