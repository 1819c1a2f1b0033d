import { type LogEntry, type logCreator, logLevel } from 'kafkajs';
import type { BusLog } from '../settings.ts';

/** What kafkajs knows about a line beside its text; all else (whole assignments, stacks, payloads) stays out of the log. */
const FACTS = ['groupId', 'memberId', 'topic', 'partition', 'broker', 'clientId', 'retryCount', 'retryTime', 'error'];

/**
 * Passes the lines of kafkajs on to our log. Its info is our debug: it tells of each pause and each join. Its errors are
 * our warnings, for it tries again after nearly all of them; what ends a consumer or fails a caller is reported by us.
 */
export function logInto(log: BusLog | undefined, muted: () => boolean): logCreator {
  return () => (entry) => {
    if (!log || muted()) return;
    const line = `kafka: ${entry.log.message}`;
    const facts = { namespace: entry.namespace, ...factsOf(entry) };
    if (entry.level === logLevel.ERROR || entry.level === logLevel.WARN) {
      if (isWarning(entry)) log.warn(facts, line);
      else log.debug(facts, line);
    } else log.debug(facts, line);
  };
}

/** Rebalances are daily business, and heartbeats find out about them by an error. */
const BUSINESS = /rebalanc|not aware of this member|re-?joining/i;

function isWarning({ log, level }: LogEntry): boolean {
  return level === logLevel.ERROR
    ? !BUSINESS.test(`${log.message} ${String(log.error ?? '')}`)
    : !BUSINESS.test(log.message);
}

function factsOf({ log }: LogEntry): Record<string, string | number> {
  const facts: Record<string, string | number> = {};
  for (const name of FACTS) {
    const fact: unknown = log[name];
    if (typeof fact === 'string' || typeof fact === 'number') facts[name] = fact;
  }
  return facts;
}
