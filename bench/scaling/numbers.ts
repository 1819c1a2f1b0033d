import type { CrowdReport } from './reports.ts';

/** A stretch of time on the wall clock, ms: from (included) to (not included). */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Batches that were finished in a span, per second. Pure. */
export function batchesPerSecond(reports: readonly CrowdReport[], { from, to }: Span): number {
  const done = reports.filter(({ type, at }) => type === 'done' && at >= from && at < to);
  return done.length / ((to - from) / 1000);
}

export interface Idle {
  /** How long a worker had nothing in hand within the span, on average over the workers, ms. */
  readonly meanMs: number;
  /** The longest of these times at one go. */
  readonly longestMs: number;
}

/** How long these workers had nothing in hand within a span. Pure. Reports of one worker are in their order. */
export function idleOf(reports: readonly CrowdReport[], workers: readonly number[], { from, to }: Span): Idle {
  const gaps = workers.map((worker) => {
    const own = reports.filter(
      (report) => report.worker === worker && (report.type === 'took' || report.type === 'done'),
    );
    const found: number[] = [];
    let freeSince = Number.NEGATIVE_INFINITY;
    for (const { type, at } of own) {
      if (type === 'took') found.push(overlap(freeSince, at, from, to));
      freeSince = type === 'done' ? at : Number.POSITIVE_INFINITY;
    }
    found.push(overlap(freeSince, to, from, to));
    return found;
  });
  const sum = gaps.flat().reduce((all, gap) => all + gap, 0);
  return { meanMs: sum / Math.max(1, workers.length), longestMs: Math.max(0, ...gaps.flat()) };
}

function overlap(a: number, b: number, from: number, to: number): number {
  return Math.max(0, Math.min(b, to) - Math.max(a, from));
}

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
