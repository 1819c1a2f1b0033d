import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { cannotMount } from '../../../test/helpers/mounts.ts';

export const isRoot = process.geteuid?.() === 0;
/** The reason to skip a test that becomes another user; false to run it. */
export const needsRoot = isRoot ? false : 'needs root: it becomes another user';
/** The reason to skip a test that mounts a file system; false to run it. Root may not do it in every container. */
export const needsMounts = cannotMount();

/** An empty folder that is gone after the test, with what was mounted in it; its path is real. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'dailies-library-')));
  t.after(async () => {
    const mounts = await readFile('/proc/self/mounts', 'utf8').catch(() => '');
    const inside = mounts
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '')
      .filter((path) => path.startsWith(`${folder}/`));
    for (const path of inside.reverse()) execFileSync('umount', ['--lazy', path]);
    await rm(folder, { recursive: true, force: true });
  });
  return folder;
}

/** A small tmpfs at a new folder inside a temporary one: another file system, and soon full. */
export async function mountSmall(folder: string, size: string, options = ''): Promise<void> {
  await mkdir(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}${options}`, 'tmpfs', folder]);
}

/** Runs something as a user without privileges (the effective uid of all threads of this process). */
export async function asNobody<T>(run: () => Promise<T>): Promise<T> {
  const { seteuid, setegid } = process;
  if (!seteuid || !setegid) throw new Error('this system has no users');
  setegid.call(process, 65534);
  seteuid.call(process, 65534);
  try {
    return await run();
  } finally {
    seteuid.call(process, 0);
    setegid.call(process, 0);
  }
}

/** Writes a file with its folders. */
export async function put(file: string, content: string | Uint8Array = 'x', mode?: number): Promise<string> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  if (mode !== undefined) await chmod(file, mode);
  return file;
}

/** Names that recordings really have, or that break careless code. Each fits into 255 bytes. */
export const ODD_NAMES: readonly string[] = [
  'with spaces.mp4',
  `quotes ' " \`.mp4`,
  'two\nlines.mp4',
  '🎬 Besprechung 会議.mp4',
  '-rf.mp4',
  '--help.mp4',
  'back\\slash.mp4',
  '$(reboot);&|<>*?[].mp4',
  '%s%n.mp4',
  `${'é'.repeat(125)}x.mp4`,
];

/** A box of an MP4: size, type, body. */
export function box(type: string, ...body: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(body);
  const header = Buffer.alloc(8);
  header.writeUInt32BE(8 + content.length, 0);
  header.write(type, 4, 'latin1');
  return Buffer.concat([header, content]);
}

/** The smallest thing that has the structure of a finished MP4. */
export function plainMp4(payload: Uint8Array = Buffer.from('picture')): Buffer {
  return Buffer.concat([
    box('ftyp', Buffer.from('isom0000')),
    box('free'),
    box('mdat', payload),
    box('moov', box('mvhd', Buffer.alloc(100)), box('trak')),
  ]);
}
