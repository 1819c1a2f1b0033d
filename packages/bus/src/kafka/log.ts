import { type LogEntry, type logCreator, logLevel } from 'kafkajs';
import type { BusLog } from '../settings.ts';

/** What kafkajs knows about a line beside its text; all else (whole assignments, stacks, payloads) stays out of the log. */
const FACTS = ['groupId', 'memberId', 'topic', 'partition', 'broker', 'clientId', 'retryCount', 'retryTime', 'error'];

/**
 * Passes the lines of kafkajs on to our log. Its info is our debug: it tells of each pause and each join. So are its errors,
 * for each of its many layers logs one at each of its tries; what fails a caller or a consumer is reported by us, once a
 * minute. Its warnings are ours, except that groups change, which is daily business.
 */
export function logInto(log: BusLog | undefined, muted: () => boolean): logCreator {
  return () => (entry) => {
    if (!log || muted()) return;
    const line = `kafka: ${entry.log.message}`;
    const facts = { namespace: entry.namespace, ...factsOf(entry) };
    if (entry.level === logLevel.WARN && !BUSINESS.test(entry.log.message)) log.warn(facts, line);
    else log.debug(facts, line);
  };
}

const BUSINESS = /rebalanc|not aware of this member|re-?joining|resync group/i;

function factsOf({ log }: LogEntry): Record<string, string | number> {
  const facts: Record<string, string | number> = {};
  for (const name of FACTS) {
    const fact: unknown = log[name];
    if (typeof fact === 'string' || typeof fact === 'number') facts[name] = fact;
  }
  return facts;
}
