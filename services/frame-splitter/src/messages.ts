import {
  type Cut,
  type EncodedMessage,
  type EncodeSettings,
  encodeEvent,
  encodeFrameBatch,
  encodeGraded,
  encodeRecording,
  type ImageBatch,
  type Look,
  type Picture,
  type Rational,
  type RecordingMessage,
  sha256,
  toDeltas,
} from '@dailies/contracts';
import type { CutBatch } from '@dailies/media';

/** What the messages of one run have in common. */
export interface Run {
  readonly message: RecordingMessage;
  readonly cut: Cut;
  readonly look: Look;
}

const at = (now: number): string => new Date(now).toISOString();

/** A video batch and the event that it was sent: published together. */
export function videoBatchMessages(
  run: Run,
  batch: CutBatch,
  facts: { timeBase: Rational; picture: Picture; encode: EncodeSettings },
  now: number,
): EncodedMessage[] {
  const { recordingId, run: number } = run.message;
  const manifest = {
    v: 1,
    type: 'video-batch',
    recordingId,
    run: number,
    cut: run.cut,
    index: batch.index,
    timeBase: facts.timeBase,
    ptsDeltas: toDeltas(batch.pts),
    endPts: batch.endPts,
    basePts: batch.basePts,
    picture: facts.picture,
    look: run.look,
    encode: facts.encode,
    sha256: sha256(batch.payload),
  } as const;
  return [
    encodeFrameBatch(manifest, batch.payload),
    sentEvent(run, batch.index, batch.pts.length, batch.payload.length, now),
  ];
}

/** An image is one batch, and its split is complete at once. */
export function imageMessages(
  run: Run,
  format: ImageBatch['format'],
  bytes: Uint8Array,
  now: number,
): EncodedMessage[] {
  const { recordingId, run: number } = run.message;
  const manifest = {
    v: 1,
    type: 'image-batch',
    recordingId,
    run: number,
    cut: run.cut,
    index: 0,
    format,
    look: run.look,
    sha256: sha256(bytes),
  } as const;
  return [
    splittingEvent(run, { frames: 1, durationMs: 0 }, now),
    encodeFrameBatch(manifest, bytes),
    sentEvent(run, 0, 1, bytes.length, now),
  ];
}

function sentEvent(run: Run, index: number, frames: number, bytes: number, now: number): EncodedMessage {
  const { recordingId, run: number } = run.message;
  return encodeEvent({
    v: 1,
    type: 'batch-sent',
    recordingId,
    run: number,
    at: at(now),
    cut: run.cut,
    index,
    frames,
    bytes,
  });
}

export function splittingEvent(
  run: Run,
  facts: { frames: number; durationMs: number; recipe?: string; note?: string | undefined },
  now: number,
): EncodedMessage {
  const { recordingId, run: number } = run.message;
  const { note, ...rest } = facts;
  return encodeEvent({
    v: 1,
    type: 'splitting',
    recordingId,
    run: number,
    at: at(now),
    cut: run.cut,
    look: run.look.name,
    ...rest,
    ...(note ? { note } : {}),
  });
}

/** The end of a split, for the assembler and for those who watch. */
export function completeMessages(
  run: Run,
  total: { batches: number; frames: number },
  facts: { timeBase: Rational; picture: Picture | null },
  now: number,
): EncodedMessage[] {
  const { recordingId, run: number, kind, path, sizeBytes, fingerprint } = run.message;
  return [
    encodeGraded({
      v: 1,
      type: 'split-complete',
      recordingId,
      run: number,
      cut: run.cut,
      kind,
      path,
      sizeBytes,
      fingerprint,
      look: run.look.name,
      ...total,
      ...facts,
    }),
    encodeEvent({ v: 1, type: 'split-complete', recordingId, run: number, at: at(now), cut: run.cut, ...total }),
  ];
}

export function failedEvent(
  message: RecordingMessage,
  error: { code: string; message: string },
  now: number,
): EncodedMessage {
  return encodeEvent({
    v: 1,
    type: 'failed',
    recordingId: message.recordingId,
    run: message.run,
    at: at(now),
    code: error.code,
    reason: error.message,
  });
}

export function waitingEvent(
  message: RecordingMessage,
  error: { code: string; message: string },
  now: number,
): EncodedMessage {
  return encodeEvent({
    v: 1,
    type: 'waiting',
    recordingId: message.recordingId,
    run: message.run,
    at: at(now),
    code: error.code,
    reason: error.message,
  });
}

/** The next run of a recording, as a replay makes it. */
export function anewMessages(message: RecordingMessage, now: number): EncodedMessage[] {
  const { recordingId, path, kind, sizeBytes, fingerprint } = message;
  const facts = { v: 1, recordingId, run: message.run + 1, path, kind, sizeBytes, fingerprint } as const;
  // The work first: Kafka takes them one after the other, and a run that is told of and that nobody works on never ends.
  return [
    encodeRecording({ ...facts, type: 'recording', cut: 'copy', foundAt: at(now) }),
    encodeEvent({ ...facts, type: 'found', at: at(now) }),
  ];
}
