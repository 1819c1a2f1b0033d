import { readdirSync, readFileSync } from 'node:fs';

/** Looks at processes through Linux' /proc; elsewhere everything is 0. */

/** Clock ticks of /proc/PID/stat in a second: 100 on every Linux that Node runs on (USER_HZ). */
export const ticksPerSecond = 100;
const PAGE_BYTES = 4096;

/** User and system time so far of the one program that a shell runs, in ticks, without that of its children. */
export function ownTicks(shell: number): number {
  const [program] = childrenOf(shell);
  return program === undefined ? 0 : ticksOf(program);
}

/** The same of a process that runs all the time, with its children that run now. */
export function treeTicks(pid: number): number {
  return childrenOf(pid).reduce((sum, child) => sum + treeTicks(child), ticksOf(pid));
}

function ticksOf(pid: number): number {
  const fields = statOf(pid);
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
}

/**
 * Resident memory of all processes below a shell, added up. A child that is not yet another program (it still has its
 * parent's command line) has no memory but its parent's, and does not count.
 */
export function treeRssBytes(shell: number): number {
  let sum = 0;
  const open = childrenOf(shell);
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    sum += Number(statOf(pid)[21] ?? 0) * PAGE_BYTES;
    const program = programOf(pid);
    open.push(...childrenOf(pid).filter((child) => programOf(child) !== program));
  }
  return sum;
}

const programOf = (pid: number): string => read(`/proc/${pid}/cmdline`);

/** Fields of /proc/PID/stat from the third on (proc_pid_stat(5)); the name before them may hold blanks and brackets. */
function statOf(pid: number): string[] {
  const text = read(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** Any thread of a process may have started a child. */
function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** Processes come and go while they are looked at. */
function read(file: string): string {
  try {
    return readFileSync(file, 'latin1').trim();
  } catch {
    return '';
  }
}
