/** The two clocks and the alarm that the watcher needs; tests bring their own. */
export interface Clock {
  /** What files are dated by. It may jump. */
  wallMs(): number;
  /** Never jumps; only differences mean something. */
  steadyMs(): number;
  /** Calls back once after `ms`; returns how to prevent it. */
  after(ms: number, callback: () => void): () => void;
}

/** Longer waits than Node's timers can hold are cut short: whoever is woken looks at the clock again. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  steadyMs: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(0, ms), MAX_TIMER_MS));
    return () => clearTimeout(timer);
  },
};
