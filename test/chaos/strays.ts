import { readdir, readFile } from 'node:fs/promises';

/**
 * Processes that work on this recordings folder, whoever started them: ffmpegs whose service was killed alone, for example.
 * They are known by their environment, so that none of another run is ever taken for ours.
 */
export async function straysOf(recordings: string): Promise<{ readonly pid: number; readonly command: string }[]> {
  const wanted = `RECORDINGS_DIR=${recordings}`;
  const strays: { pid: number; command: string }[] = [];
  for (const name of await readdir('/proc').catch(() => [])) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const environment = (await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')).split('\0');
    if (!environment.includes(wanted)) continue;
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0').slice(0, 2).join(' ');
    strays.push({ pid, command });
  }
  return strays;
}

export function killStrays(strays: readonly { readonly pid: number }[]): void {
  for (const { pid } of strays) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it has ended in this moment
    }
  }
}
