/** `ok`: as it should be. `warn`: it works, but worse than it could, or it may fail later. `fail`: recordings will not become films. */
export const LEVELS = ['ok', 'warn', 'fail'] as const;
export type Level = (typeof LEVELS)[number];

/** One line of the doctor. */
export interface Finding {
  readonly level: Level;
  /** What was checked, in a word or two. */
  readonly check: string;
  /** What was found, with the figures. */
  readonly found: string;
  /** What to do about it; null when there is nothing to do. */
  readonly todo: string | null;
}

export const ok = (check: string, found: string): Finding => ({ level: 'ok', check, found, todo: null });
export const warn = (check: string, found: string, todo: string): Finding => ({ level: 'warn', check, found, todo });
export const fail = (check: string, found: string, todo: string): Finding => ({ level: 'fail', check, found, todo });
