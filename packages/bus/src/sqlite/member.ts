import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process that works on records. Its `home` tells whether its pid means anything to us. */
export interface Member {
  readonly id: string;
  /** Boot and pid namespace: pids of one home can be asked for. */
  readonly home: string;
  readonly pid: number;
  /** When the process started, in clock ticks since boot, so that a pid that is used again is told from it; '' when unknown. */
  readonly started: string;
}

const read = (path: string): string => {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return '';
  }
};

export function thisMember(): Member {
  let namespace = '';
  try {
    namespace = readlinkSync('/proc/self/ns/pid');
  } catch {
    // not Linux: the host name has to do
  }
  return { id: randomUUID(), home: `${hostname()} ${read('/proc/sys/kernel/random/boot_id')} ${namespace}`, pid: process.pid, started: startOf(process.pid) };
}

/** Field 22 of /proc/PID/stat (proc_pid_stat(5)); the name in field 2 may hold blanks and brackets. */
function startOf(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

/** False only when the process has certainly ended. A process of another home is only judged by its heartbeat. */
export function mayLive(member: Omit<Member, 'id'>, us: Member): boolean {
  if (member.home !== us.home) return true;
  try {
    process.kill(member.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
  const now = startOf(member.pid);
  return now === '' || member.started === '' || now === member.started;
}
