import { link, rename, stat, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, quote } from '@dailies/library';
import { size } from '../figures.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import type { Check, DoctorFolders, DoctorInput } from './input.ts';
import { nearestFolder, probeName, withProbeFile } from './probe-file.ts';

/**
 * Whether an original can be moved to the archive by a rename. Tried, not guessed: two mounts of one disk have the same
 * device number, and yet no file can be renamed from one to the other.
 */
export const oneDiskCheck: Check = {
  name: 'one disk',
  async run({ folders }) {
    const [from, to] = [await nearestFolder(folders.recordings), await nearestFolder(folders.archived)];
    const moved = await withProbeFile(from, (file) => tryMove(file, join(to, probeName())));
    const pair = `${quote(folders.recordings)} → ${quote(folders.archived)}`;
    const finding =
      moved === 'renamed'
        ? ok('one disk', `${pair}: originals are archived by a rename`)
        : moved === 'EXDEV'
          ? warn(
              'one disk',
              `${pair}: not one file system (or two mounts of it), so each original is copied, compared and then deleted. That is slower, and needs its size once more.`,
              'Put both on one file system; in containers mount their common parent once instead of two folders.',
            )
          : warn('one disk', `${pair}: a rename failed (${moved}).`, 'See the lines of the two folders above.');
    const work = await sameDevice(folders.work, folders.processed);
    return [
      finding,
      work
        ? ok('one disk', 'work and processed are on one file system')
        : ok('one disk', 'work and processed are on two file systems: both need the size of a film for a while'),
    ];
  },
};

async function tryMove(file: string, target: string): Promise<string> {
  try {
    // As the archive does it: a link first, which never overwrites; a rename where there are no links.
    await link(file, target).catch((error: unknown) => {
      if (errnoOf(error) === 'EXDEV') throw error;
      return rename(file, target);
    });
    return 'renamed';
  } catch (error) {
    return errnoOf(error) || String(error);
  } finally {
    await unlink(target).catch(() => undefined);
  }
}

async function sameDevice(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([a, b].map(async (folder) => stat(await nearestFolder(folder))));
  return one?.dev === other?.dev;
}

/** How many times larger than its recording a film may be: grading costs sharpness of prediction, CRF 23 is finer than Jibri's 25. */
const FILM_FACTOR = 1.5;
/** For the bus and for what else is small. */
const RESERVE_BYTES = 512 * 1024 * 1024;
const MIN_INODES = 1000;
const FEW_INODES = 50_000;

/** Bytes that each folder needs while the largest recording is processed. @param copies whether an original is copied to the archive */
export function needs(largestBytes: number, copies: boolean): Readonly<Record<keyof DoctorFolders, number>> {
  const film = Math.ceil(largestBytes * FILM_FACTOR);
  return { recordings: 0, work: film, processed: film, archived: copies ? largestBytes : 0 };
}

interface Disk {
  readonly folders: string[];
  readonly freeBytes: number;
  readonly freeInodes: number | null;
  needBytes: number;
}

/** Free space and free inodes of each disk, against what the largest recording needs. */
export const spaceCheck: Check = {
  name: 'space',
  async run(input) {
    const largest = input.survey.candidates.reduce((most, { sizeBytes }) => Math.max(most, sizeBytes), 0);
    const disks = await disksOf(input, largest);
    const why =
      largest > 0 ? `the largest recording now has ${size(largest)}` : 'there is no recording now to reckon with';
    return [...disks.values()].flatMap((disk) => [spaceFinding(disk, why), ...inodeFinding(disk)]);
  },
};

async function disksOf({ folders }: DoctorInput, largest: number): Promise<Map<number, Disk>> {
  const copies = !(await sameDevice(folders.recordings, folders.archived));
  const need = needs(largest, copies);
  const disks = new Map<number, Disk>();
  for (const [name, folder] of Object.entries(folders)) {
    const place = await nearestFolder(folder);
    const { dev } = await stat(place);
    const { bavail, bsize, files, ffree } = await statfs(place);
    // Some file systems (btrfs) make inodes as they are needed, and say 0 of 0.
    const disk: Disk = disks.get(dev) ?? {
      folders: [],
      freeBytes: bavail * bsize,
      freeInodes: files > 0 ? ffree : null,
      needBytes: RESERVE_BYTES,
    };
    disk.folders.push(name);
    disk.needBytes += need[name as keyof DoctorFolders];
    disks.set(dev, disk);
  }
  return disks;
}

export function spaceFinding(disk: Disk, why: string): Finding {
  const found = `${size(disk.freeBytes)} free for ${disk.folders.join(', ')}; ${why}, which needs up to ${size(disk.needBytes)} here`;
  if (disk.freeBytes < disk.needBytes)
    return fail('space', `${found}.`, 'Free some space, or put the folders on a larger disk.');
  if (disk.freeBytes < 3 * disk.needBytes)
    return warn(
      'space',
      `${found}: little room for several at once.`,
      'Free some space; `dailies retention` shows which archived originals could go.',
    );
  return ok('space', found);
}

function inodeFinding({ freeInodes, folders }: Disk): Finding[] {
  if (freeInodes === null || freeInodes >= FEW_INODES) return [];
  const found = `${freeInodes} free inodes (names of files) for ${folders.join(', ')}`;
  const todo = 'Delete small files, or make the file system anew with more inodes; df -i shows where they are.';
  return [freeInodes < MIN_INODES ? fail('inodes', found, todo) : warn('inodes', found, todo)];
}
