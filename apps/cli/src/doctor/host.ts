import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { availableParallelism, homedir, totalmem } from 'node:os';
import { promisify } from 'node:util';

/** What the doctor asks of the machine beside files; passed in, so that tests can be any machine. */
export interface Host {
  readonly uid: number | null;
  readonly gid: number | null;
  /** What `~` stands for. */
  readonly home: string;
  /** Cores that this process may use, limits of its container included. */
  readonly cores: number;
  /** Memory that this process may use, limits of its container included. */
  readonly memoryBytes: number;
  /** The beginning of a file, or null when it cannot be read. */
  readText(path: string): Promise<string | null>;
  /** SELinux context of a file, `user:role:type:level`, or null when it has none or it cannot be told. */
  label(path: string): Promise<string | null>;
  now(): number;
}

const MAX_TEXT_BYTES = 256 * 1024;
const run = promisify(execFile);

export function thisHost(now: () => number): Host {
  const constrained = process.constrainedMemory();
  return {
    uid: process.geteuid?.() ?? null,
    gid: process.getegid?.() ?? null,
    home: homedir(),
    cores: availableParallelism(),
    // 0 or more than there is: no limit.
    memoryBytes: constrained > 0 ? Math.min(constrained, totalmem()) : totalmem(),
    readText,
    async label(path) {
      // Node cannot read extended attributes; coreutils can.
      const found = await run('stat', ['-c', '%C', '--', path], { timeout: 5000 }).catch(() => null);
      const text = found?.stdout.trim() ?? '';
      return text.includes(':') ? text : null;
    },
    now,
  };
}

async function readText(path: string): Promise<string | null> {
  try {
    const handle = await open(path, 'r');
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(MAX_TEXT_BYTES), 0, MAX_TEXT_BYTES, null);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch {
    return null;
  }
}
