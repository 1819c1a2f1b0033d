import { mkdir, open, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { accessing, errnoOf } from './access.ts';

/**
 * Makes a folder with its parents, and makes the new entries durable.
 * @returns whether it was not there before
 * @throws DailiesError PERMISSION_DENIED, DISK_FULL
 */
export async function ensureFolder(folder: string): Promise<boolean> {
  const first = await accessing('write', folder, () => mkdir(folder, { recursive: true }));
  if (first === undefined) return false;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
  return true;
}

/** Some file systems (FUSE, CIFS) cannot sync a folder; then there is nothing more that we could do. */
const UNSYNCABLE: ReadonlySet<string> = new Set([
  'EINVAL',
  'ENOTSUP',
  'EOPNOTSUPP',
  'EBADF',
  'EISDIR',
  'EACCES',
  'EPERM',
  'ENOSYS',
]);

/** Makes renames, new names and removals in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!UNSYNCABLE.has(errnoOf(error))) throw error;
  }
}

/** Bytes that a user without privileges may still write on the disk of this folder. */
export async function freeBytes(folder: string): Promise<number> {
  const disk = await accessing('read', folder, () => statfs(folder));
  return disk.bavail * disk.bsize;
}

/**
 * `f_type` of file systems that tell nobody of changes made elsewhere, and whose times come from another machine's clock
 * (Linux: statfs(2) and include/uapi/linux/magic.h).
 */
const REMOTE: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9P'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x786f4256, 'VirtualBox shared folder'],
  [0x47504653, 'GPFS'],
  [0x0bd00bd0, 'Lustre'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
]);

/** The kind of network or user-space file system that a folder is on, or null for a local one. */
export async function remoteFileSystem(folder: string): Promise<string | null> {
  if (process.platform !== 'linux') return null;
  const { type } = await accessing('read', folder, () => statfs(folder));
  // f_type is a signed long on some machines: CIFS then comes as a negative number.
  return REMOTE.get(type >>> 0) ?? null;
}
