/** A sign of a Jibri: whether it is busy. */
export interface Sign {
  readonly jibriId: string;
  readonly busy: boolean;
}

const MAX_ID = 200;
/** One machine has few; more is somebody who makes names up. */
const MAX_JIBRIS = 100;

/**
 * What Jibri posts to `/v1/status` (its src/main/kotlin/org/jitsi/jibri/webhooks/v1/README.md): `{"jibriId": "…",
 * "status": {"busyStatus": "BUSY" | "IDLE" | "EXPIRED", "health": …}}`; null when it is something else.
 */
export function parseStatus(text: string): Sign | null {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof body !== 'object' || body === null || !('jibriId' in body) || !('status' in body)) return null;
  const { jibriId, status } = body;
  if (typeof jibriId !== 'string' || typeof status !== 'object' || status === null || !('busyStatus' in status))
    return null;
  // EXPIRED: a Jibri for a single use that has had it.
  if (!['BUSY', 'IDLE', 'EXPIRED'].includes(String(status.busyStatus))) return null;
  return { jibriId: jibriId.slice(0, MAX_ID), busy: status.busyStatus === 'BUSY' };
}

/** What a courtesy file says; null for one that is not there, which counts as idle. */
export function parseFile(file: { readonly text: string; readonly mtimeMs: number } | null): boolean {
  return file !== null && !/\bidle\b/i.test(file.text);
}

/** The last sign of each Jibri of a machine. Several may be at work. */
export function createSigns(expireMs: number) {
  const busySince = new Map<string, { sinceMs: number; seenMs: number }>();
  return {
    note({ jibriId, busy }: Sign, nowMs: number): void {
      if (!busy) {
        busySince.delete(jibriId);
        return;
      }
      const known = busySince.get(jibriId);
      const isGoingOn = known !== undefined && nowMs - known.seenMs < expireMs;
      busySince.set(jibriId, { sinceMs: isGoingOn ? known.sinceMs : nowMs, seenMs: nowMs });
      if (busySince.size > MAX_JIBRIS) busySince.delete([...busySince.keys()][0] ?? '');
    },
    /** Since when at least one is busy, and until when that holds without another sign; null when none is. */
    busy(nowMs: number): { readonly sinceMs: number; readonly untilMs: number } | null {
      const now = [...busySince.values()].filter(({ seenMs }) => nowMs < seenMs + expireMs);
      if (now.length === 0) return null;
      return {
        sinceMs: Math.min(...now.map(({ sinceMs }) => sinceMs)),
        untilMs: Math.max(...now.map(({ seenMs }) => seenMs)) + expireMs,
      };
    },
  };
}
