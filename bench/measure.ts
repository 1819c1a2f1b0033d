import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownTicks, ticksPerSecond, treeRssBytes } from './processes.ts';

/** What one run of a program took. */
export interface Measured {
  readonly wallS: number;
  /** User and system time of the program and all that it started. */
  readonly cpuS: number;
  /** Of that, the program's own, without what it started. */
  readonly ownCpuS: number;
  /** Time of a broker beside it in the same time; it is in no other figure. */
  readonly brokerCpuS?: number;
  /** Largest sum of the resident memory of all its processes, sampled; shared pages count in each. */
  readonly peakBytes: number;
}

const SAMPLE_MS = 100;

/**
 * Runs a program to its end. The whole process tree's time is what the shell's `times` counts of it; the program's own, and
 * the memory, are sampled from /proc (0 where there is none).
 * @throws Error with the end of what the program wrote, when it fails
 */
export async function measure(command: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'dailies-bench-run-'));
  const log = join(folder, 'log');
  try {
    const began = performance.now();
    const shell = spawn('bash', ['-c', '"$@" >"$BENCH_LOG" 2>&1; code=$?; times; exit $code', 'bench', ...command], {
      env: { ...env, BENCH_LOG: log },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let times = '';
    shell.stdout.on('data', (chunk) => {
      times += chunk;
    });
    let own = 0;
    let peak = 0;
    const sampling = setInterval(() => {
      own = Math.max(own, ownTicks(shell.pid as number));
      peak = Math.max(peak, treeRssBytes(shell.pid as number));
    }, SAMPLE_MS);
    const code = await new Promise((resolve, reject) => shell.once('close', resolve).once('error', reject));
    clearInterval(sampling);
    const wallS = (performance.now() - began) / 1000;
    if (code !== 0) {
      const said = (await readFile(log, 'utf8').catch(() => '')).trim().split('\n').slice(-5).join('\n');
      throw new Error(`${command.slice(0, 4).join(' ')} … ended with ${code}:\n${said}`);
    }
    return { wallS, cpuS: childrenSeconds(times), ownCpuS: own / ticksPerSecond, peakBytes: peak };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The second line of `times`: user and system time of the shell's children, as `1m2.345s 0m1.234s`. */
function childrenSeconds(times: string): number {
  const parts = [...(times.trim().split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  return parts.reduce((sum, part) => sum + Number(part[1]) * 60 + Number(part[2]), 0);
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
