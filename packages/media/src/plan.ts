import type { PacketTable } from './packets.ts';
import { cutTail, type PlannedBatch } from './tail.ts';

export type CutProblem =
  | 'packets without a presentation time'
  | 'two frames with one presentation time'
  | 'it does not begin with a keyframe'
  | 'frames before its first keyframe in presentation order'
  | 'its keyframes are too far apart'
  | 'its codec needs its container to be decoded';

export type Plan =
  | { readonly batches: readonly PlannedBatch[]; readonly frames: number; readonly problem: null }
  | { readonly problem: CutProblem };

export interface PlanOptions {
  readonly timeBase: { readonly num: number; readonly den: number };
  /** Where the picture ends, by the container's index; null when there is none. */
  readonly endPts?: number | null;
  /** A batch takes whole GOPs until it lasts this long. */
  readonly batchSeconds: number;
  /** Upper bounds; a single GOP beyond one of them cannot be cut by `copy`. */
  readonly maxBytes: number;
  readonly maxSeconds: number;
}

/**
 * Decides where a recording is cut, from the packets alone. Pure.
 *
 * A cut is a packet where decoding can begin and before which nothing has a later PTS. Leading pictures (after the
 * keyframe in decoding order, before it in presentation order) need the GOP before it: the earlier batch gets that
 * keyframe and its leading pictures too, and the windows decide which batch keeps which frame.
 */
export function planBatches(table: PacketTable, options: PlanOptions): Plan {
  if (!table.hasAllPts()) return { problem: 'packets without a presentation time' };
  const cuts = findCuts(table);
  if (cuts[0] !== 0) return { problem: 'it does not begin with a keyframe' };
  const first = table.pts[0] as number;
  for (let i = 1; i < (cuts[1] ?? table.length); i++) {
    if (table.isShown(i) && !table.isDiscarded(i) && (table.pts[i] as number) < first)
      return { problem: 'frames before its first keyframe in presentation order' };
  }
  const batches: PlannedBatch[] = [];
  let frames = 0;
  const ends = group(table, cuts, options);
  if (!ends) return { problem: 'its keyframes are too far apart' };
  let from = 0;
  for (const to of ends) {
    const windowEnd = to < table.length ? (table.pts[to] as number) : Number.POSITIVE_INFINITY;
    const until = to < table.length ? leadingEnd(table, to, cuts) : to;
    const windowStart = from === 0 ? Number.NEGATIVE_INFINITY : (table.pts[from] as number);
    const kept: { pts: number; duration: number }[] = [];
    for (let i = from; i < until; i++) {
      const pts = table.pts[i] as number;
      if (pts >= windowStart && pts < windowEnd && table.isShown(i) && !table.isDiscarded(i))
        kept.push({ pts, duration: table.duration[i] as number });
    }
    kept.sort((a, b) => a.pts - b.pts);
    for (let i = 1; i < kept.length; i++)
      if (kept[i]?.pts === kept[i - 1]?.pts) return { problem: 'two frames with one presentation time' };
    const last = kept.at(-1);
    if (last) {
      const endPts = Number.isFinite(windowEnd) ? windowEnd : last.pts + lastDuration(kept, options);
      batches.push({ from, until, pts: kept.map((frame) => frame.pts), endPts });
      frames += kept.length;
    }
    from = to;
  }
  return { batches: cutTail(table, batches, options), frames, problem: null };
}

/** A shorter frame is no frame: some containers say one tick where they mean "unknown". */
const MIN_FRAME_SECONDS = 0.001;
/** Indexes count lengths in milliseconds: where a packet's own duration agrees so far, it is the exact one. */
const INDEX_SECONDS = 0.0015;

/**
 * Duration of the last frame: what its packet says, unless the container's index says otherwise (where packets carry no
 * durations, ffmpeg guesses from the mean frame rate); else that of the frame before it; else one tick.
 */
function lastDuration(kept: readonly { pts: number; duration: number }[], options: PlanOptions): number {
  const last = kept.at(-1);
  const before = kept.at(-2);
  if (!last) return 1;
  const seconds = (ticks: number): number => (ticks * options.timeBase.num) / options.timeBase.den;
  const indexed = (options.endPts ?? Number.NEGATIVE_INFINITY) - last.pts;
  if (seconds(indexed) >= MIN_FRAME_SECONDS && Math.abs(seconds(indexed - last.duration)) > INDEX_SECONDS)
    return indexed;
  if (seconds(last.duration) >= MIN_FRAME_SECONDS) return last.duration;
  return before ? last.pts - before.pts : 1;
}

function findCuts(table: PacketTable): number[] {
  const cuts: number[] = [];
  let latest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < table.length; i++) {
    const pts = table.pts[i] as number;
    if (table.isEntry(i) && table.isShown(i) && pts > latest) cuts.push(i);
    if (pts > latest) latest = pts;
  }
  return cuts;
}

/** Joins GOPs to batches; returns the end of each, or null when one GOP alone is beyond a bound. */
function group(table: PacketTable, cuts: readonly number[], options: PlanOptions): number[] | null {
  const seconds = (ticks: number): number => (ticks * options.timeBase.num) / options.timeBase.den;
  const ends: number[] = [];
  let batchFrom = 0;
  let batchBytes = 0;
  for (let g = 0; g < cuts.length; g++) {
    const gopFrom = cuts[g] as number;
    const gopTo = cuts[g + 1] ?? table.length;
    let bytes = 0;
    for (let i = gopFrom; i < (gopTo < table.length ? leadingEnd(table, gopTo, cuts) : gopTo); i++)
      bytes += (table.size[i] as number) + FRAME_OVERHEAD;
    const endPts = gopTo < table.length ? (table.pts[gopTo] as number) : maxPts(table, gopFrom, gopTo);
    const alone = seconds(endPts - (table.pts[gopFrom] as number));
    if (bytes > options.maxBytes || alone > options.maxSeconds) return null;
    const together = seconds(endPts - (table.pts[batchFrom] as number));
    // A GOP joins the batch only while the batch stays near its length: 2 s GOPs go by twos, 8 s GOPs stay alone.
    if (gopFrom > batchFrom && (batchBytes + bytes > options.maxBytes || together > options.batchSeconds * 1.5)) {
      ends.push(gopFrom);
      batchFrom = gopFrom;
      batchBytes = 0;
    }
    batchBytes += bytes;
  }
  ends.push(table.length);
  return ends;
}

/** Syncpoint and header of a frame in the payload are never longer. */
const FRAME_OVERHEAD = 64;

function maxPts(table: PacketTable, from: number, to: number): number {
  let max = Number.NEGATIVE_INFINITY;
  for (let i = from; i < to; i++) max = Math.max(max, table.pts[i] as number);
  return max;
}

/** End of the leading pictures of the GOP that begins at `cut`; `cut` itself when it has none. */
function leadingEnd(table: PacketTable, cut: number, cuts: readonly number[]): number {
  const start = table.pts[cut] as number;
  const gopEnd = nextCut(cuts, cut) ?? table.length;
  let end = cut;
  for (let i = cut + 1; i < gopEnd; i++) if ((table.pts[i] as number) < start) end = i + 1;
  return end;
}

function nextCut(cuts: readonly number[], cut: number): number | undefined {
  let low = 0;
  let high = cuts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cuts[middle] as number) <= cut) low = middle + 1;
    else high = middle;
  }
  return cuts[low];
}
