import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DailiesError } from '@dailies/contracts';
import type { FramePipes } from './pump.ts';

const run = promisify(execFile);

const PREFIX = 'dailies-slot-';
/** Who made a folder of pipes: the pid, and when the process began, for pids are used again. */
const OWNER = `${process.pid}-${Math.round(performance.timeOrigin)}`;

/**
 * Makes the named pipes of one slot in a folder of their own. They are used again for each batch.
 * @param folder where temporary files go, e.g. `os.tmpdir()`
 */
export async function makePipes(folder: string): Promise<{ pipes: FramePipes; remove(): Promise<void> }> {
  const own = await mkdtemp(join(folder, `${PREFIX}${OWNER}-`));
  const pipes = { decoded: join(own, 'decoded'), graded: join(own, 'graded') };
  try {
    await run('mkfifo', ['-m', '600', pipes.decoded, pipes.graded], { timeout: 10_000 });
  } catch (cause) {
    await rm(own, { recursive: true, force: true });
    throw new DailiesError(
      'IO_FAILED',
      `No named pipe could be made in ${folder}: ${cause instanceof Error ? cause.message.trim().split('\n').at(-1) : cause}`,
      { cause },
    );
  }
  return { pipes, remove: () => rm(own, { recursive: true, force: true }) };
}

/**
 * Removes the pipes of processes that were killed, and frees the ffmpeg processes that wait at them: a named pipe is
 * opened when both ends are, so an ffmpeg whose partner died in between would wait for ever.
 * @param folder as for `makePipes`
 */
export async function sweepPipes(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [, owner, pid] = /^dailies-slot-((\d+)-\d+)-/.exec(name) ?? [];
    if (!pid || owner === OWNER || isAlive(Number(pid))) continue;
    const stale = join(folder, name);
    // Not ours to remove when it belongs to another user.
    await Promise.all(['decoded', 'graded'].map((pipe) => openBothEnds(join(stale, pipe)))).catch(() => {});
    await rm(stale, { recursive: true, force: true }).catch(() => {});
  }
}

/** Gives whoever waits at a named pipe a partner, who goes away at once: then reads end, and writes fail. */
async function openBothEnds(pipe: string): Promise<void> {
  const both = await open(pipe, constants.O_RDWR | constants.O_NONBLOCK).catch(() => null);
  await both?.close();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
