import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DailiesError } from '@dailies/contracts';
import type { FramePipes } from './pump.ts';

const run = promisify(execFile);

/**
 * Makes the named pipes of one slot in a folder of their own. They are used again for each batch.
 * @param folder where temporary files go, e.g. `os.tmpdir()`
 */
export async function makePipes(folder: string): Promise<{ pipes: FramePipes; remove(): Promise<void> }> {
  const own = await mkdtemp(join(folder, 'dailies-slot-'));
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
