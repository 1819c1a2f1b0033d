/**
 * Decode times for a whole film, made anew from presentation times: the sorted PTS, delayed by the reorder depth. Batches
 * come from separate encoders, whose own decode times overlap at the cuts when frame distances vary.
 */

/**
 * How many frames have to be decoded before the first of them can be shown: the largest number of frames that precede
 * one in decoding order but follow it in presentation order.
 * @param pts in decoding order
 */
export function reorderDepth(pts: readonly number[]): number {
  let depth = 0;
  for (const [i, at] of pts.entries()) {
    // x264 reorders within 16 frames at most (H.264 limit of max_num_reorder_frames).
    let later = 0;
    for (let j = Math.max(0, i - 16); j < i; j++) if ((pts[j] as number) > at) later++;
    depth = Math.max(depth, later);
  }
  return depth;
}

export interface DecodeClock {
  /** Decode times of the next frames, given their PTS in ascending order. Strictly ascending over all calls, never after the frame's PTS. */
  next(sortedPts: readonly number[]): number[];
}

/**
 * @param depth the largest reorder depth of all batches
 * @param first the PTS of the film's first frame
 * @param step ticks between the decode times before the first frame; any positive number
 */
export function decodeClock(depth: number, first: number, step: number): DecodeClock {
  // A delay line: what leaves it are the PTS of `depth` frames ago.
  const line = Array.from({ length: depth }, (_, i) => first - (depth - i) * step);
  return {
    next: (sortedPts) =>
      sortedPts.map((pts) => {
        line.push(pts);
        return line.shift() as number;
      }),
  };
}
