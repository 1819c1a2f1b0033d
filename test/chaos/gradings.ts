import { readFile } from 'node:fs/promises';
import type { Fault } from './faults.ts';

/** Batches that were graded again, and how many of those are the price of a fault. */
export interface Gradings {
  /** Different batches. */
  readonly batches: number;
  /** How often a batch was graded, all together. */
  readonly gradings: number;
  readonly again: number;
  /** Batches that were in hands that were hit: each may be graded once more. */
  readonly inHand: number;
}

/** At most this share of the batches may be graded again beyond those that were in hand. */
export const AGAIN_SHARE = 0.02;

/** Counts the lines in which workers say that they have graded a batch. A line that was cut off by a kill is none. */
export async function countGradings(logs: readonly string[], inHand: number): Promise<Gradings> {
  const times = new Map<string, number>();
  for (const log of logs) {
    for (const line of (await readFile(log, 'utf8')).split('\n')) {
      const batch = batchOf(line);
      if (batch !== null) times.set(batch, (times.get(batch) ?? 0) + 1);
    }
  }
  const gradings = [...times.values()].reduce((sum, count) => sum + count, 0);
  return { batches: times.size, gradings, again: gradings - times.size, inHand };
}

function batchOf(line: string): string | null {
  if (!line.includes('batch graded')) return null;
  try {
    const { msg, recordingId, batch } = JSON.parse(line) as Record<string, unknown>;
    return msg === 'batch graded' ? `${recordingId}:${batch}` : null;
  } catch {
    return null;
  }
}

export interface Hands {
  /** How many batches a worker has in hand at most. */
  readonly slots: number;
  readonly workers: number;
  /** Recordings that were being split: each may have a batch on its way that nobody knows to be sent. */
  readonly splitting: number;
}

/** How many batches a fault may cause to be graded again: those that are in the hands that it hits. Pure. */
export function inHandAt({ kind, target, member }: Fault, { slots, workers, splitting }: Hands): number {
  const hit = (all: number): number => (member === 'all' ? all : 1);
  switch (target) {
    case 'filter-worker':
      // Who is asked to end finishes what it has.
      return kind === 'restart' ? 0 : hit(workers) * slots;
    case 'frame-splitter':
      return splitting;
    case 'broker':
      return workers * slots + splitting;
    case 'assembler':
    case 'ingest-watcher':
      return 0;
  }
}
