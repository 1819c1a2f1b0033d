import type { ServiceName } from '../helpers/services.ts';

/**
 * What the fault injector does, drawn from a seed. Pure: it knows no process and no clock, so that a seed names the same
 * faults on every machine. When each of them strikes is a matter of progress (`moment`), not of seconds alone.
 */

export type Target = ServiceName | 'broker';

export const FAULT_KINDS = ['kill', 'freeze', 'restart'] as const;
/**
 * `kill`: SIGKILL, then started again. `freeze`: SIGSTOP, later SIGCONT; one that was frozen for longer than its session is a
 * zombie: others have its work when it goes on. `restart`: SIGTERM, then started again when it has ended.
 */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Events of the pipeline that a fault can wait for; `any` is whatever comes. */
export type Awaited = 'any' | 'splitting' | 'split-complete' | 'assembling';

export interface Fault {
  readonly number: number;
  readonly kind: FaultKind;
  readonly target: Target;
  /** Which process of the service, counted from 0; `all`: for a while there is none of it. */
  readonly member: number | 'all';
  /** ffmpeg and all else that the process started is hit with it, as when a container dies; or the process alone. */
  readonly withChildren: boolean;
  /** It strikes `jitterMs` after so many such events. */
  readonly moment: { readonly event: Awaited; readonly count: number; readonly jitterMs: number };
  /** How long the process is down or frozen. */
  readonly forMs: number;
}

export interface Fleet {
  /** How many processes of each service there are. */
  readonly members: Readonly<Record<ServiceName, number>>;
  readonly hasBroker: boolean;
  /** After so long a silence others take the work over: the longest of the sessions of both buses. */
  readonly sessionMs: number;
}

/** Shares of 100. Without a broker its share is the workers'. */
const TARGETS: readonly (readonly [Target, number])[] = [
  ['ingest-watcher', 10],
  ['frame-splitter', 23],
  ['filter-worker', 32],
  ['assembler', 25],
  ['broker', 10],
];
const KINDS: readonly (readonly [FaultKind, number])[] = [
  ['kill', 45],
  ['freeze', 30],
  ['restart', 25],
];
/** Many faults wait for the steps at which a recording changes hands; there the losses are made. */
const MOMENTS: readonly (readonly [Awaited, number])[] = [
  ['any', 70],
  ['splitting', 6],
  ['split-complete', 8],
  ['assembling', 16],
];
const ALL_SHARE = 0.12;
const ALONE_SHARE = 0.3;
const ZOMBIE_SHARE = 0.65;

export function drawFault(next: () => number, number: number, fleet: Fleet): Fault {
  // All numbers are drawn each time, so that what a fault is does not shift those after it.
  const [which, what, who, together, whole, when, often, late, long, zombie] = tenNumbers(next);
  const drawn = pick(TARGETS, which);
  const target = drawn === 'broker' && !fleet.hasBroker ? 'filter-worker' : drawn;
  const kind = pick(KINDS, what);
  const members = target === 'broker' ? 1 : fleet.members[target];
  const event = pick(MOMENTS, when);
  return {
    number,
    kind,
    target,
    member: members > 1 && together < ALL_SHARE ? 'all' : Math.floor(who * members),
    withChildren: whole >= ALONE_SHARE,
    moment: {
      event,
      count: event === 'any' ? 1 + Math.floor(often * 14) : 1,
      jitterMs: Math.round(late * 400),
    },
    forMs: Math.round(durationMs(kind, target, long, zombie < ZOMBIE_SHARE, fleet.sessionMs)),
  };
}

type Ten = [number, number, number, number, number, number, number, number, number, number];
const tenNumbers = (next: () => number): Ten => [
  ...([next(), next(), next(), next(), next()] as const),
  ...([next(), next(), next(), next(), next()] as const),
];

function durationMs(kind: FaultKind, target: Target, long: number, zombie: boolean, sessionMs: number): number {
  if (kind !== 'freeze') return long * 3000;
  // A frozen broker holds up everybody, and nobody takes over from it.
  if (target === 'broker' || !zombie) return 500 + long * 4000;
  return sessionMs + 2000 + long * 5000;
}

function pick<T>(shares: readonly (readonly [T, number])[], at: number): T {
  let left = at * shares.reduce((sum, [, share]) => sum + share, 0);
  for (const [value, share] of shares) {
    left -= share;
    if (left < 0) return value;
  }
  return (shares[0] as readonly [T, number])[0];
}
