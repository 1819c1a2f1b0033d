import {
  type BatchFailed,
  DailiesError,
  decodeFrameBatch,
  type EncodedMessage,
  encodeGraded,
  type FrameBatch,
  type GradedBatch,
  MAX_BATCH_BYTES,
  MAX_GRADED_BYTES,
  type RawRecord,
  sha256,
} from '@dailies/contracts';

/**
 * What a frame batch becomes: the graded batch, as one message, or as one for each of its parts, in order. Pure.
 * @throws DailiesError BATCH_TOO_LARGE
 */
export function gradedMessages(
  manifest: FrameBatch,
  bytes: Uint8Array,
  by: { worker: string; gradeMs: number },
): EncodedMessage[] {
  if (bytes.byteLength > MAX_GRADED_BYTES)
    throw new DailiesError(
      'BATCH_TOO_LARGE',
      `Batch ${manifest.index} has ${bytes.byteLength} bytes when it is graded; the limit is ${MAX_GRADED_BYTES}.`,
    );
  const parts = Math.max(1, Math.ceil(bytes.byteLength / MAX_BATCH_BYTES));
  const graded: Omit<GradedBatch, 'part'> = {
    v: 1,
    type: 'graded-batch',
    kind: manifest.type === 'image-batch' ? 'image' : 'video',
    recordingId: manifest.recordingId,
    run: manifest.run,
    cut: manifest.cut,
    index: manifest.index,
    ptsDeltas: manifest.type === 'image-batch' ? [0] : manifest.ptsDeltas,
    endPts: manifest.type === 'image-batch' ? 1 : manifest.endPts,
    worker: by.worker,
    gradeMs: Math.round(by.gradeMs),
    sha256: sha256(bytes),
    parts,
  };
  return Array.from({ length: parts }, (_, part) =>
    encodeGraded({ ...graded, part }, bytes.subarray(part * MAX_BATCH_BYTES, (part + 1) * MAX_BATCH_BYTES)),
  );
}

/** A batch that was given up, as a message: the assembler decides what becomes of its recording. */
export function failedMessage(manifest: FrameBatch, error: DailiesError, worker: string): EncodedMessage {
  const failed: BatchFailed = {
    v: 1,
    type: 'batch-failed',
    recordingId: manifest.recordingId,
    run: manifest.run,
    cut: manifest.cut,
    index: manifest.index,
    code: error.code,
    reason: error.message,
    worker,
  };
  return encodeGraded(failed);
}

/** What a record is, for people: an image is no batch to them. It may be one that cannot be read. */
export function whatIs(record: RawRecord): string {
  try {
    return decodeFrameBatch(record).type === 'image-batch' ? 'an image' : 'a batch';
  } catch {
    return 'a batch';
  }
}

/** Whether the batch's promise, not the machine, was wrong: the recording is then cut again by decoding it. */
export function isCutAgain(manifest: FrameBatch, error: DailiesError): boolean {
  return error.code === 'FRAMES_MISMATCH' && manifest.type === 'video-batch' && manifest.cut === 'copy';
}
