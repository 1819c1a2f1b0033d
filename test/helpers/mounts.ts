import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The reason to skip a test that mounts a small disk, or false: only root may, and not in every container. */
export function cannotMount(): string | false {
  const folder = mkdtempSync(join(tmpdir(), 'dailies-mount-'));
  try {
    mount(folder, '1m');
    execFileSync('umount', [folder]);
    return false;
  } catch (error) {
    return `no disk can be mounted here: ${String((error as { stderr?: Buffer }).stderr ?? error).trim()}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A small disk at a folder of a room, which is made; it goes with the room. @returns what makes it larger */
export function smallDisk(folder: string, size: string): { grow(size: string): void } {
  mkdirSync(folder, { recursive: true });
  mount(folder, size);
  return {
    grow: (larger) => void execFileSync('mount', ['-o', `remount,size=${larger}`, folder], { stdio: 'pipe' }),
  };
}

function mount(folder: string, size: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0777`, 'tmpfs', folder], { stdio: 'pipe' });
}

/** Unmounts what is mounted below a folder, the innermost first. Who still has a file open there does not hold it up. */
export function unmountBelow(folder: string): void {
  if (!existsSync('/proc/self/mounts')) return;
  const places = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((place) => place.startsWith(`${folder}/`));
  for (const place of places.reverse()) execFileSync('umount', ['--lazy', place]);
}
