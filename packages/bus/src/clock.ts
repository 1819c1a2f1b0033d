/** Time as the bus needs it; passed in, so that tests can do without waiting. */
export interface Clock {
  /** Wall clock, ms since 1970: for timestamps, retries and retention. */
  now(): number;
  /** Ms since any start, never set back, and standing still while the machine sleeps: for judging silence. */
  monotonic(): number;
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
