import { type ChildProcess, spawn } from 'node:child_process';
import { chown, copyFile, mkdir, mkdtemp, readdir, realpath, rename, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Build } from './builds.ts';
import { unmountBelow } from './mounts.ts';

/** The command line, for Node. */
export const MAIN = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url));

/** One line of `dailies status --json`. */
export interface StatusRow {
  readonly path: string;
  readonly state: string;
  readonly progress: number;
  readonly code: string | null;
  readonly reason: string | null;
  readonly film: string | null;
  readonly archived: string | null;
}

/** A recordings folder of a test's own. */
export interface Room {
  readonly folder: string;
  /** Puts a copy of a file in, dated long ago, so that it is known to be finished. */
  put(file: string, name?: string): Promise<string>;
  /** `dailies ARGS` in a process of its own; resolves with its exit code and what it printed. */
  dailies(...args: string[]): Promise<{ code: number | null; output: string }>;
  /** The same without waiting, as the leader of a process group that can be killed whole. */
  start(...args: string[]): ChildProcess;
  status(): Promise<StatusRow[]>;
  /** Files below a sub-folder, relative, sorted. */
  files(below: string): Promise<string[]>;
}

export interface RoomOptions {
  /** Settings of everything that runs in it. */
  readonly env?: (folder: string) => Readonly<Record<string, string>>;
  /** The user that it runs as, instead of the one that runs the tests; then the folder is that user's. */
  readonly uid?: number;
}

export async function makeRoom(t: TestContext, build?: Build, options: RoomOptions = {}): Promise<Room> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'dailies-test-')));
  const { uid } = options;
  if (uid !== undefined) await chown(folder, uid, uid);
  const running = new Set<ChildProcess>();
  let puts = 0;
  t.after(async () => {
    for (const child of running) killGroup(child);
    unmountBelow(folder);
    await rm(folder, { recursive: true, force: true });
  });
  const tools = build ? { FFMPEG_PATH: build.ffmpeg, FFPROBE_PATH: build.ffprobe } : {};
  const start = (...args: string[]): ChildProcess => {
    const own = { QUIET_MS: '1000', STABLE_MS: '100', RECORDINGS_DIR: folder, ...options.env?.(folder) };
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...process.env, ...tools, ...own },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    running.add(child);
    child.once('exit', () => running.delete(child));
    return child;
  };
  const dailies = (...args: string[]) =>
    new Promise<{ code: number | null; output: string }>((resolve) => {
      const child = start(...args);
      let output = '';
      child.stdout?.on('data', (chunk) => (output += chunk));
      child.stderr?.on('data', (chunk) => (output += chunk));
      child.once('close', (code) => resolve({ code, output }));
    });
  return {
    folder,
    dailies,
    start,
    async put(file, name = basename(file)) {
      const target = join(folder, name);
      await mkdir(dirname(target), { recursive: true });
      // Aside, and under a hidden name: what runs would see half a copy, or a whole one that is young or not its own. The
      // name is short, for those of tests may be as long as names can be.
      const aside = join(dirname(target), `.put-${++puts}`);
      await copyFile(file, aside);
      if (uid !== undefined) for (const made of [dirname(target), aside]) await chown(made, uid, uid);
      const old = new Date(Date.now() - 3_600_000);
      await utimes(aside, old, old);
      await rename(aside, target);
      return target;
    },
    async status() {
      const { output } = await dailies('status', '--json');
      return JSON.parse(output) as StatusRow[];
    },
    async files(below) {
      const root = join(folder, below);
      const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => relative(root, join(entry.parentPath, entry.name)))
        .sort();
    },
  };
}

/** SIGKILL to a child and to everything that it started. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // it has ended already
  }
}
