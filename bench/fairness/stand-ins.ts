import type { Bus, Consumer } from '@dailies/bus';
import { decodeFrameBatch, decodeGraded, encodeEvent, encodeGraded, GROUPS, sha256, TOPICS } from '@dailies/contracts';

/** Values that make the pipeline go round without a picture. */
const ANSWER = new Uint8Array(1024);
const RETRY = { attempts: 4, backoff: { initialMs: 500, maxMs: 30_000, factor: 2 } } as const;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Worker slots that only wait, in the place of grading. */
export function waitingWorkers(bus: Bus, slots: number, waitMs: number): Promise<Consumer> {
  return bus.consume({
    ...RETRY,
    topic: TOPICS.frameBatches,
    group: GROUPS.worker,
    concurrency: slots,
    async handler(record) {
      const manifest = decodeFrameBatch(record);
      if (manifest.type !== 'video-batch') throw new Error('only videos were put in');
      await sleep(waitMs);
      const { recordingId, run, cut, index, ptsDeltas, endPts } = manifest;
      const ids = { v: 1, type: 'graded-batch', recordingId, run, cut, index } as const;
      const rest = { kind: 'video', ptsDeltas, endPts, worker: 'waiting', gradeMs: waitMs } as const;
      return [encodeGraded({ ...ids, ...rest, sha256: sha256(ANSWER), part: 0, parts: 1 }, ANSWER)];
    },
  });
}

/** Says of each batch that it is stored, in the place of the assembler; no film is made. */
export function forgettingAssembler(bus: Bus): Promise<Consumer> {
  return bus.consume({
    ...RETRY,
    topic: TOPICS.graded,
    group: GROUPS.assembler,
    concurrency: 2,
    async handler(record) {
      const message = decodeGraded(record);
      if (message.type !== 'graded-batch') return [];
      const { recordingId, run, cut, index, ptsDeltas, worker, gradeMs } = message;
      const ids = { v: 1, type: 'batch-stored', recordingId, run, cut, index, at: new Date().toISOString() } as const;
      return [encodeEvent({ ...ids, frames: ptsDeltas.length, bytes: record.value.byteLength, worker, gradeMs })];
    },
  });
}
