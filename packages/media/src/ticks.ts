import { DailiesError, type Rational } from '@dailies/contracts';

/** A ratio of two time bases, in lowest terms. */
export interface Ratio {
  readonly mul: number;
  readonly div: number;
}

/** ffmpeg's NUT muxer refines time bases; this is the way back. `ticks × from = result × to`. */
export function ticksPer(from: Rational, to: Rational): Ratio {
  const mul = from.num * to.den;
  const div = from.den * to.num;
  const common = gcd(mul, div);
  return { mul: mul / common, div: div / common };
}

/** @throws DailiesError FRAMES_MISMATCH when the time is no whole number of ticks */
export function toTicks(value: number, ratio: Ratio): number {
  if (value % ratio.div !== 0)
    throw new DailiesError(
      'FRAMES_MISMATCH',
      `A frame at ${value} does not fall on a tick of the recording (${ratio.mul}/${ratio.div}).`,
    );
  return (value / ratio.div) * ratio.mul;
}

/** MP4 counts in 1/timescale; a time base with a numerator, or a coarse one, is refined by a whole factor. */
export function trackTimescale(timeBase: Rational): number {
  let scale = timeBase.den;
  while (scale < 1000) scale *= 2;
  return scale;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
