import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Clock } from '../clock.ts';

/** A process that works on records. */
export interface Member {
  readonly id: string;
  /** Host, boot and pid namespace. Only where they are ours can we ask for a pid. */
  readonly home: string;
  readonly pid: number;
  /** When the process started, in clock ticks since boot: tells it from a later one with the same pid. '' when unknown. */
  readonly started: string;
}

export interface KnownMember extends Member {
  /** A number that changes with every heartbeat: the member's wall clock, ms since 1970. */
  readonly beat: number;
}

/** This process, as a new member. */
export function thisMember(): Member {
  const home = `${hostname()} ${text('/proc/sys/kernel/random/boot_id')} ${pidNamespace()}`;
  return { id: randomUUID(), home, pid: process.pid, started: stateOf(process.pid)?.started ?? '' };
}

/** True only when the process has certainly ended. One of another home can only be judged by its silence. */
export function hasEnded(member: Member, us: Member): boolean {
  if (member.home !== us.home) return false;
  try {
    process.kill(member.pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
  const state = stateOf(member.pid);
  if (!state) return false;
  // Killed but not yet waited for by its parent, which in a container may never happen.
  if (state.code === 'Z' || state.code === 'X') return true;
  return member.started !== '' && state.started !== member.started;
}

/**
 * Judges members by their silence; call it at every heartbeat of ours with all the others.
 *
 * A member is silent when its beat has not changed for `expiryMs` of our own monotonic clock, so that clocks which are set
 * back, differ, or stand still while the machine sleeps cost nobody their work. Only at first sight the wall clock counts.
 * One look never adds more than half of `expiryMs`: when all processes were stopped together, nobody is at fault.
 */
export function createSilenceJudge(clock: Clock, expiryMs: number): (others: readonly KnownMember[]) => KnownMember[] {
  let seen = new Map<string, { beat: number; silentMs: number }>();
  let lastLook = clock.monotonic();
  return (others) => {
    const sinceLook = Math.min(clock.monotonic() - lastLook, expiryMs / 2);
    lastLook = clock.monotonic();
    const next: typeof seen = new Map();
    for (const { id, beat } of others) {
      const before = seen.get(id);
      const silentMs = !before
        ? Math.max(0, clock.now() - beat)
        : before.beat === beat
          ? before.silentMs + sinceLook
          : 0;
      next.set(id, { beat, silentMs });
    }
    seen = next;
    return others.filter(({ id }) => (seen.get(id)?.silentMs ?? 0) > expiryMs);
  };
}

/** Fields 3 and 22 of /proc/PID/stat (proc_pid_stat(5)); the name in field 2 may hold blanks and brackets. */
function stateOf(pid: number): { readonly code: string; readonly started: string } | null {
  const stat = text(`/proc/${pid}/stat`);
  if (stat === '') return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { code: fields[0] ?? '', started: fields[19] ?? '' };
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return ''; // not Linux: the host name has to do
  }
}

function text(path: string): string {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return '';
  }
}
