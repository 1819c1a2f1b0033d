import { MAX_BATCH_BYTES } from '@dailies/contracts';

/** A batch as the splitter sends it. PTS are ticks of the split's time base. */
export interface CutBatch {
  readonly index: number;
  readonly pts: readonly number[];
  readonly endPts: number;
  readonly basePts: number;
  /** NUT bytes: the compressed packets that the frames need. */
  readonly payload: Buffer;
}

export interface SplitSink {
  /** False when the batch is stored already: its payload is not made. */
  wants(index: number): boolean;
  /** Resolves when there is room for the next one; until then ffmpeg is held back. */
  batch(batch: CutBatch): Promise<void>;
}

export interface SplitOptions {
  readonly batchSeconds: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Room for the headers of the payload within a message. */
export const MAX_PAYLOAD_BYTES = MAX_BATCH_BYTES - 64 * 1024;
