import type { DailiesError } from '@dailies/contracts';
import type { Backoff } from './port.ts';

export interface RetryRules {
  readonly attempts: number;
  readonly waitAttempts?: number | undefined;
  readonly backoff: Backoff;
}

/** Deliveries of a record that came to nothing, by the fate of their errors. Each kind has a bound of its own. */
export interface Failures {
  readonly retries: number;
  /** The environment was at fault (fate `wait`), so that no attempts are used up. */
  readonly waits: number;
}

export type NextStep = { readonly retryInMs: number; readonly failures: Failures } | 'dead-letter';

/** What becomes of a record whose handler failed, and had failed as `before` tells. Pure, but for chance. */
export function afterFailure(
  error: DailiesError,
  before: Failures,
  rules: RetryRules,
  random: () => number = Math.random,
): NextStep {
  switch (error.fate) {
    case 'never':
      return 'dead-letter';
    case 'retry': {
      const retries = before.retries + 1;
      if (retries >= rules.attempts) return 'dead-letter';
      return { retryInMs: delayMs(retries, rules.backoff, random), failures: { ...before, retries } };
    }
    case 'wait': {
      const waits = before.waits + 1;
      if (waits >= (rules.waitAttempts ?? Number.POSITIVE_INFINITY)) return 'dead-letter';
      return { retryInMs: delayMs(waits, rules.backoff, random), failures: { ...before, waits } };
    }
  }
}

/** Wait after the nth failure, in ms. The power may grow beyond any number; the cap holds. */
function delayMs(failures: number, { initialMs, factor, maxMs, jitter = 0 }: Backoff, random: () => number): number {
  return Math.min(maxMs, initialMs * factor ** (failures - 1)) * (1 - jitter * random());
}
