/** What a consumer is at, as the watch asks for it. */
export interface Activity {
  /** A record is in hand, waits for its retry, or the consumer is stopping: it is alive, however long that takes. */
  readonly busy: boolean;
  /** Grows with each record that is begun or done. */
  readonly moved: number;
  /** The partitions that are ours; null as long as we are in no group. */
  readonly partitions: readonly number[] | null;
}

export interface StallWatch {
  readonly stallMs: number;
  activity(): Activity;
  /** How many records wait in these partitions. Rejects when the broker does not answer: then it is at fault, not we. */
  waiting(partitions: readonly number[] | null): Promise<number>;
  onStall(waiting: number): void;
  /** Ms, never set back. */
  now(): number;
}

/**
 * Judges whether a consumer has stalled: work waits for it, and for `stallMs` it has neither begun nor done any. A
 * kafkajs consumer can come to that without an error or an event, and only a new process helps. Call it now and then.
 */
export function createStallJudge({ stallMs, activity, waiting, onStall, now }: StallWatch): () => Promise<void> {
  let moved = -1;
  let sinceMs = now();
  return async () => {
    const before = activity();
    if (before.busy || before.moved !== moved) {
      moved = before.moved;
      sinceMs = now();
      return;
    }
    const count = await waiting(before.partitions).catch(() => 0);
    const after = activity();
    if (count === 0 || after.busy || after.moved !== moved) sinceMs = now();
    else if (now() - sinceMs >= stallMs) onStall(count);
  };
}
