/**
 * Times that are compared without rounding: whole numbers of one unit that divides the ticks of all streams in question.
 */
export interface ExactClock {
  /** Units per second. */
  readonly perSecond: bigint;
  /** @param ticks of a time base such as `1/15360` */
  exact(ticks: number, timeBase: string): bigint;
  /** For messages and tolerances. */
  seconds(units: bigint): number;
}

/** A clock whose unit divides the ticks of all given time bases, and a microsecond. */
export function exactClock(timeBases: readonly string[]): ExactClock {
  let perSecond = 1_000_000n;
  for (const base of timeBases) {
    const [, den] = fraction(base);
    perSecond = (perSecond / gcd(perSecond, den)) * den;
  }
  return {
    perSecond,
    exact: (ticks, timeBase) => {
      const [num, den] = fraction(timeBase);
      return BigInt(ticks) * num * (perSecond / den);
    },
    // The division is done on whole numbers first, so that long recordings keep their nanoseconds.
    seconds: (units) => Number(units / perSecond) + Number(units % perSecond) / Number(perSecond),
  };
}

function fraction(text: string): [bigint, bigint] {
  const [num, den] = text.split('/');
  if (!num || !den) throw new Error(`${text} is no time base`);
  return [BigInt(num), BigInt(den)];
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b);
}

export const magnitude = (units: bigint): bigint => (units < 0n ? -units : units);
