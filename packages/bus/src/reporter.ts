import type { DailiesError } from '@dailies/contracts';
import type { Clock } from './clock.ts';

const REPEAT_REPORT_MS = 60_000;

/** Passes errors on; the same one again only after a while, for a full disk fails many times a second. */
export function createReporter(onError: (error: DailiesError) => void, clock: Clock): (error: DailiesError) => void {
  const last = new Map<string, number>();
  return (error) => {
    const text = `${error.code} ${error.message}`;
    const before = last.get(text);
    const now = clock.monotonic();
    if (before !== undefined && now - before < REPEAT_REPORT_MS) return;
    for (const [old, at] of last) if (now - at >= REPEAT_REPORT_MS) last.delete(old);
    last.set(text, now);
    onError(error);
  };
}
