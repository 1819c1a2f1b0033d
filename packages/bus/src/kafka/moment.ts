/** A point in time by both clocks: one stands still while the machine sleeps, the other may be set. */
export interface Moment {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export function moment(): Moment {
  return { wallMs: Date.now(), monotonicMs: performance.now() };
}

/** Ms since then, by the clock that went further. */
export function sinceMs(then: Moment): number {
  return Math.max(Date.now() - then.wallMs, performance.now() - then.monotonicMs);
}
