import type { Failures } from '../retry.ts';

/**
 * What is known of the record at a committed offset. Kafka counts no deliveries, so this travels as the metadata of the
 * committed offset: it outlives the process, and the member that gets the partition next reads it.
 */
export interface Progress extends Failures {
  /** How many members died, or lost the partition, while they worked on the record. */
  readonly deaths: number;
  /** A member works on it. When another one reads this, the former has died or lost the partition. */
  readonly started: boolean;
}

/** Of a record that nobody has begun. */
export const FRESH: Progress = { retries: 0, waits: 0, deaths: 0, started: false };

export function encodeProgress({ retries, waits, deaths, started }: Progress): string {
  if (retries + waits + deaths === 0 && !started) return '';
  return JSON.stringify({ v: 1, retries, waits, deaths, started });
}

/** What was written; FRESH for anything else, such as an offset that was set by a tool. */
export function decodeProgress(metadata: string | null): Progress {
  if (!metadata) return FRESH;
  try {
    const found = JSON.parse(metadata) as Partial<Record<keyof Progress, unknown>> | null;
    const count = (value: unknown): number => (Number.isSafeInteger(value) ? Math.max(0, Number(value)) : 0);
    return {
      retries: count(found?.retries),
      waits: count(found?.waits),
      deaths: count(found?.deaths),
      started: found?.started === true,
    };
  } catch {
    return FRESH;
  }
}

/** Progress as the next owner of a partition has to see it. */
export function takenOver(progress: Progress): Progress {
  return progress.started ? { ...progress, deaths: progress.deaths + 1, started: false } : progress;
}

/** Number of the delivery to come, 1 for the first. */
export function attemptOf({ retries, waits, deaths }: Progress): number {
  return 1 + retries + waits + deaths;
}
