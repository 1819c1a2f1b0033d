import type { z } from 'zod';
import { FrameBatch, GradedMessage } from './batch.ts';
import { DailiesError } from './errors.ts';
import { DailiesEvent } from './events.ts';
import { HostMessage } from './hosts.ts';
import { batchPartition } from './ids.ts';
import { RecordingMessage } from './recording.ts';
import { TOPICS, type Topic } from './topics.ts';

/** A message ready for the bus; structurally what the bus port calls OutgoingMessage. */
export interface EncodedMessage {
  readonly topic: Topic;
  readonly key: string;
  readonly partition?: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Uint8Array;
}

/** A record as it comes from the bus. */
export interface RawRecord {
  readonly topic: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Uint8Array;
}

const EMPTY = new Uint8Array(0);
const text = new TextEncoder();

function parse<T>(schema: z.ZodType<T>, json: string | Uint8Array | undefined, topic: string): T {
  let value: unknown;
  try {
    value = JSON.parse(typeof json === 'string' ? json : new TextDecoder().decode(json));
  } catch (cause) {
    throw new DailiesError('MESSAGE_INVALID', `A message on ${topic} is not JSON.`, { cause });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new DailiesError(
    'MESSAGE_INVALID',
    `A message on ${topic} does not fit: ${issue?.path.join('.')}: ${issue?.message}. Do all services run the same version?`,
  );
}

function json<T>(schema: z.ZodType<T>, message: T, topic: Topic, key: string): EncodedMessage {
  return {
    topic,
    key,
    headers: { 'content-type': 'application/json' },
    value: text.encode(JSON.stringify(schema.parse(message))),
  };
}

/** @param partition where Kafka puts it; by the recording's id when left out */
export const encodeRecording = (message: RecordingMessage, partition?: number): EncodedMessage => ({
  ...json(RecordingMessage, message, TOPICS.recordings, message.recordingId),
  ...(partition === undefined ? {} : { partition }),
});
export const decodeRecording = (record: RawRecord): RecordingMessage =>
  parse(RecordingMessage, record.value, record.topic);

export const encodeEvent = (event: DailiesEvent): EncodedMessage =>
  json(DailiesEvent, event, TOPICS.events, event.recordingId);
export const decodeEvent = (record: RawRecord): DailiesEvent => parse(DailiesEvent, record.value, record.topic);

export const encodeHost = (message: HostMessage): EncodedMessage =>
  json(HostMessage, message, TOPICS.hosts, message.type === 'host-state' ? message.host : message.worker);
export const decodeHost = (record: RawRecord): HostMessage => parse(HostMessage, record.value, record.topic);

/** The manifest rides in the header `manifest`, the payload is the value, untouched. */
export function encodeFrameBatch(manifest: FrameBatch, payload: Uint8Array): EncodedMessage {
  const partition = batchPartition(manifest.recordingId, manifest.index);
  return {
    topic: TOPICS.frameBatches,
    // One key per batch: batches are independent, so no batch ever waits for another one with its key.
    key: `${manifest.recordingId}:${manifest.run}:${manifest.cut}:${manifest.index}`,
    partition,
    headers: { manifest: JSON.stringify(FrameBatch.parse(manifest)) },
    value: payload,
  };
}
export const decodeFrameBatch = (record: RawRecord): FrameBatch =>
  parse(FrameBatch, record.headers.manifest, record.topic);

export function encodeGraded(message: GradedMessage, payload: Uint8Array = EMPTY): EncodedMessage {
  return {
    topic: TOPICS.graded,
    key: message.recordingId,
    headers: { manifest: JSON.stringify(GradedMessage.parse(message)) },
    value: payload,
  };
}
export const decodeGraded = (record: RawRecord): GradedMessage =>
  parse(GradedMessage, record.headers.manifest, record.topic);
