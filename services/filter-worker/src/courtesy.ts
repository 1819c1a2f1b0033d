import { type EncodedMessage, encodeHost, type Pace } from '@dailies/contracts';
import type { HostsReader } from '@dailies/service';

export interface CourtesyConfig {
  readonly courtesy: 'slow' | 'pause' | 'off';
  readonly courtesyHost: string;
}

/** The pace of a worker: full, unless a meeting is being recorded on its own host. Pure. */
export function paceNow(
  hosts: Pick<HostsReader, 'recording'> | null,
  { courtesy, courtesyHost }: CourtesyConfig,
  nowMs: number,
): Pace {
  if (courtesy === 'off' || !hosts) return 'full';
  return hosts.recording(courtesyHost, nowMs) ? courtesy : 'full';
}

/** What holds longer than the time between two tellings. */
export const TELL_MS = 60_000;
const HOLDS_MS = 3 * TELL_MS;

/** A worker's pace as a message, for `dailies status`. */
export function paceMessage(
  told: { worker: string; host: string; pace: Pace; sinceMs: number },
  nowMs: number,
): EncodedMessage {
  const { worker, host, pace, sinceMs } = told;
  const iso = (ms: number): string => new Date(ms).toISOString();
  return encodeHost({
    v: 1,
    type: 'worker-state',
    worker,
    host: host.slice(0, 255),
    pace,
    since: iso(sinceMs),
    at: iso(nowMs),
    expiresAt: iso(nowMs + HOLDS_MS),
  });
}
