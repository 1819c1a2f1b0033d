import type { Rational } from '@dailies/contracts';
import type { PacketTable } from './packets.ts';

/** One batch of a cut by `copy`: packet ranges are half-open, in decoding order. */
export interface PlannedBatch {
  /** First packet: decoding can begin here. Several windows over one GOP share it. */
  readonly from: number;
  /** End of the packets that travel: beyond the next batch's first one when leading pictures of its first GOP belong to this window. */
  readonly until: number;
  /** PTS of the frames to keep, ascending. */
  readonly pts: readonly number[];
  /** First PTS after the window. */
  readonly endPts: number;
}

/** The end of a recording, in batches of the wanted length: where batches are cut finer. */
const TAIL_BATCHES = 4;
/** Batches up to this many times the wanted length stay whole, as short GOPs go together up to there. */
const STAYS_WHOLE = 1.5;
/** Windows over one batch; each decodes again what comes before it. */
const MAX_WINDOWS = 4;

/**
 * Cuts long batches at the end of a recording into windows of about `batchSeconds`, so that all slots end at about the
 * same time: a GOP of 8 s that one slot has alone at the end keeps the others idle. The windows of a batch begin with the
 * same packet; each gets the packets up to its own last frame, and decodes those before its first frame once more, which
 * costs a twentieth of grading and encoding them (docs/decisions/0009). Pure.
 */
export function cutTail(
  table: PacketTable,
  batches: readonly PlannedBatch[],
  options: { readonly timeBase: Rational; readonly batchSeconds: number },
): PlannedBatch[] {
  const end = batches.at(-1)?.endPts ?? 0;
  const seconds = (ticks: number): number => (ticks * options.timeBase.num) / options.timeBase.den;
  return batches.flatMap((batch, i) => {
    const first = batch.pts[0] as number;
    const inTail = i === batches.length - 1 || seconds(end - first) <= TAIL_BATCHES * options.batchSeconds;
    const windows = Math.min(
      MAX_WINDOWS,
      Math.ceil(seconds(batch.endPts - first) / (STAYS_WHOLE * options.batchSeconds)),
    );
    return inTail && windows > 1 ? cutWindows(table, batch, windows) : [batch];
  });
}

/** Windows of equal numbers of frames. */
function cutWindows(table: PacketTable, batch: PlannedBatch, count: number): PlannedBatch[] {
  const windows: PlannedBatch[] = [];
  const length = Math.ceil(batch.pts.length / count);
  let until = batch.from;
  for (let at = 0; at < batch.pts.length; at += length) {
    const pts = batch.pts.slice(at, at + length);
    const endPts = batch.pts[at + length] ?? batch.endPts;
    // With reordering a frame of this window may be decoded after one of the next.
    for (let i = until; i < batch.until; i++) if ((table.pts[i] as number) < endPts) until = i + 1;
    windows.push({ from: batch.from, until: at + length < batch.pts.length ? until : batch.until, pts, endPts });
  }
  return windows;
}
