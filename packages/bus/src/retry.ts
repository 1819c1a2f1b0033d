import { type DailiesError, TOPICS } from '@dailies/contracts';
import type { Backoff, BusRecord, OutgoingMessage } from './port.ts';

export interface RetryRules {
  readonly attempts: number;
  readonly waitAttempts?: number | undefined;
  readonly backoff: Backoff;
}

/** What becomes of a record whose handler failed. Pure. `attempt` is the number of the attempt that failed, from 1. */
export function afterFailure(error: DailiesError, attempt: number, rules: RetryRules): { readonly retryInMs: number } | 'dead-letter' {
  if (error.fate === 'never') return 'dead-letter';
  const bound = error.fate === 'wait' ? (rules.waitAttempts ?? Number.POSITIVE_INFINITY) : rules.attempts;
  if (attempt >= bound) return 'dead-letter';
  const { initialMs, factor, maxMs } = rules.backoff;
  return { retryInMs: Math.min(maxMs, initialMs * factor ** (attempt - 1)) };
}

/** A record that could not be handled, as a dead letter: its bytes and headers, where it came from, and why. */
export function deadLetter(record: BusRecord, group: string, error: DailiesError, now: number): OutgoingMessage {
  return {
    topic: TOPICS.deadLetters,
    key: record.key,
    headers: {
      ...record.headers,
      'dead-letter-topic': record.topic,
      'dead-letter-partition': String(record.partition),
      'dead-letter-offset': record.offset,
      'dead-letter-group': group,
      'dead-letter-attempts': String(record.attempt),
      'dead-letter-code': error.code,
      'dead-letter-reason': error.message,
      'dead-letter-at': new Date(now).toISOString(),
    },
    value: record.value,
  };
}
