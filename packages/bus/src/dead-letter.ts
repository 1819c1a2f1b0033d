import { hostname } from 'node:os';
import { type DailiesError, TOPICS } from '@dailies/contracts';
import type { BusRecord, OutgoingMessage } from './port.ts';

/** Longest reason and tail of an output that travel with a dead letter, in characters: headers are no place for logs. */
const MAX_TEXT = 4000;

/** What a dead letter tells of the record that could not be handled. */
export interface DeadLetter {
  /** The record as it was, without the headers below. */
  readonly record: Pick<BusRecord, 'topic' | 'key' | 'headers' | 'value'>;
  readonly partition: number;
  readonly offset: string;
  /** The group whose handler gave it up. */
  readonly group: string;
  /** Host and pid of the process that gave it up. */
  readonly worker: string | null;
  readonly attempts: number;
  readonly code: string;
  readonly reason: string;
  /** The end of what the failing program wrote, when one was the reason. */
  readonly stderr: string | null;
  /** ISO 8601. */
  readonly at: string;
}

/** A record that could not be handled, as a dead letter: its bytes and headers, where it came from, who gave it up, and why. */
export function deadLetter(record: BusRecord, group: string, error: DailiesError, now: number): OutgoingMessage {
  const { stderr } = error.details;
  return {
    topic: TOPICS.deadLetters,
    key: record.key,
    headers: {
      ...record.headers,
      'dead-letter-topic': record.topic,
      'dead-letter-partition': String(record.partition),
      'dead-letter-offset': record.offset,
      'dead-letter-group': group,
      'dead-letter-worker': `${hostname()}:${process.pid}`,
      'dead-letter-attempts': String(record.attempt),
      'dead-letter-code': error.code,
      'dead-letter-reason': error.message.slice(0, MAX_TEXT),
      ...(stderr ? { 'dead-letter-stderr': String(stderr).slice(-MAX_TEXT) } : {}),
      'dead-letter-at': new Date(now).toISOString(),
    },
    value: record.value,
  };
}

/** Reads a record of the dead letters; what an older version did not write is empty. */
export function readDeadLetter({ headers, key, value }: Pick<BusRecord, 'headers' | 'key' | 'value'>): DeadLetter {
  const of = (name: string): string | undefined => headers[`dead-letter-${name}`];
  const own = Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('dead-letter-')));
  return {
    record: { topic: of('topic') ?? '', key, headers: own, value },
    partition: Number(of('partition') ?? 0),
    offset: of('offset') ?? '',
    group: of('group') ?? '',
    worker: of('worker') ?? null,
    attempts: Number(of('attempts') ?? 1),
    code: of('code') ?? '',
    reason: of('reason') ?? '',
    stderr: of('stderr') ?? null,
    at: of('at') ?? '',
  };
}
