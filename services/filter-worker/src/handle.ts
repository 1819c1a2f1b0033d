import {
  type BatchFailed,
  type DailiesError,
  type EncodedMessage,
  encodeGraded,
  type FrameBatch,
  type GradedBatch,
  sha256,
} from '@dailies/contracts';

/** What a frame batch becomes: the graded batch, as a message. Pure. */
export function gradedMessage(
  manifest: FrameBatch,
  bytes: Uint8Array,
  by: { worker: string; gradeMs: number },
): EncodedMessage {
  const graded: GradedBatch = {
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
  };
  return encodeGraded(graded, bytes);
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

/** Whether the batch's promise, not the machine, was wrong: the recording is then cut again by decoding it. */
export function isCutAgain(manifest: FrameBatch, error: DailiesError): boolean {
  return error.code === 'FRAMES_MISMATCH' && manifest.type === 'video-batch' && manifest.cut === 'copy';
}
