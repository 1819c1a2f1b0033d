import type { Recorded } from '@dailies/media';

/** Reads of recordings what their films need, while their last batches are still graded. */
export interface ReadAhead {
  /** Begins to read; nothing waits for it, and its failure shows when the film is made. */
  begin(recordingId: string, path: string): void;
  /** What was read, once; null when there is nothing, or reading failed: then it is read again. */
  take(recordingId: string): Promise<Recorded | null>;
  /** Ends all reading. */
  stop(): Promise<void>;
}

/** A recording that fails is never asked for, so the oldest are let go. */
const MAX_KEPT = 8;

/** @param read reads a recording by its path relative to the recordings folder */
export function createReadAhead(read: (path: string, signal: AbortSignal) => Promise<Recorded>): ReadAhead {
  const kept = new Map<string, Promise<Recorded | null>>();
  const stopped = new AbortController();
  return {
    begin(recordingId, path) {
      if (kept.has(recordingId) || stopped.signal.aborted) return;
      for (const oldest of kept.keys()) if (kept.size >= MAX_KEPT) kept.delete(oldest);
      kept.set(
        recordingId,
        read(path, stopped.signal).catch(() => null),
      );
    },
    async take(recordingId) {
      const found = kept.get(recordingId) ?? null;
      kept.delete(recordingId);
      return found;
    },
    async stop() {
      stopped.abort();
      await Promise.all(kept.values());
      kept.clear();
    },
  };
}
