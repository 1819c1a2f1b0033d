import { createHash } from 'node:crypto';
import type { IHeaders, Message } from 'kafkajs';
import type { BusRecord, OutgoingMessage } from '../port.ts';

/** Carries the checksum of a record; never seen outside of the adapter. */
export const CHECKSUM_HEADER = 'dailies-sha256';

/** A message as kafkajs delivers it. */
export interface RawMessage {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: IHeaders;
}

export interface DecodedRecord {
  readonly record: BusRecord;
  /** Null when its bytes are those that were published; else what is wrong with it. */
  readonly damage: string | null;
}

export function encodeMessage({ key, headers = {}, value }: OutgoingMessage, partition: number): Message {
  return {
    key,
    partition,
    headers: { ...headers, [CHECKSUM_HEADER]: checksum(key, headers, value) },
    value: Buffer.from(value.buffer, value.byteOffset, value.byteLength),
  };
}

export function decodeRecord(topic: string, partition: number, message: RawMessage, attempt: number): DecodedRecord {
  const { [CHECKSUM_HEADER]: sum, ...headers } = plainHeaders(message.headers ?? {});
  const key = message.key?.toString('utf8') ?? '';
  const value = message.value ?? Buffer.alloc(0);
  const record = {
    topic,
    key,
    partition,
    offset: message.offset,
    headers,
    value,
    timestampMs: Number(message.timestamp),
    attempt,
  };
  if (sum === undefined) return { record, damage: 'The record carries no checksum: Dailies did not publish it.' };
  if (sum === checksum(key, headers, value)) return { record, damage: null };
  return {
    record,
    damage: 'The bytes of the record are not those that were published: it was damaged in the broker or on its way.',
  };
}

function plainHeaders(headers: IHeaders): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, header] of Object.entries(headers)) {
    const one = Array.isArray(header) ? header.at(-1) : header;
    if (one !== undefined) plain[name] = one.toString('utf8');
  }
  return plain;
}

/** Over key, headers and value: kafkajs does not look at the CRC of what it fetches. */
function checksum(key: string, headers: Readonly<Record<string, string>>, value: Uint8Array): string {
  const names = Object.keys(headers).sort();
  return createHash('sha256')
    .update(JSON.stringify([key, names.map((name) => [name, headers[name]])]))
    .update(value)
    .digest('hex');
}
