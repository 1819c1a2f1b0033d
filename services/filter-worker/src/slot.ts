import { parentPort, workerData } from 'node:worker_threads';
import { DailiesError, type FrameBatch, type Look, toDailiesError } from '@dailies/contracts';
import { createGrader, type Grader, gradeImage } from '@dailies/grade';
import { type FfmpegTools, gradeBatch } from '@dailies/media';
import type { SlotAnswer, SlotRequest } from './messages.ts';

/** Frames in the kernel's memory: one is graded while others are written to the encoder. */
const RING = 4;

/** The thread of one slot: grades one batch at a time, on its own core as far as the machine has one. */
const port = parentPort;
if (!port) throw new Error('slot.ts runs in a worker thread');
const { tools, timeoutMs } = workerData as { tools: FfmpegTools; timeoutMs: number };
let current: AbortController | null = null;
// The kernel and its tables are kept from batch to batch: neighbours have the same size and look.
let kept: { key: string; grader: Grader } | null = null;

port.on('message', (request: SlotRequest) => {
  if (request.type === 'abort') return current?.abort();
  const controller = new AbortController();
  current = controller;
  grade(request.manifest, request.payload, controller.signal).then(
    (bytes) => {
      const whole = bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
      port.postMessage({ ok: true, bytes: whole } satisfies SlotAnswer, [whole.buffer as ArrayBuffer]);
    },
    (thrown: unknown) => {
      const error = toDailiesError(thrown);
      port.postMessage({ ok: false, code: error.code, message: error.message, details: error.details } satisfies SlotAnswer);
    },
  );
});

async function grade(manifest: FrameBatch, payload: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
  if (manifest.type === 'image-batch') return gradeImage(payload, manifest.look, { format: manifest.format });
  const { filmWidth, filmHeight } = manifest.picture;
  const grader = await graderFor(filmWidth, filmHeight, manifest.look);
  return gradeBatch(tools, manifest, payload, { slots: RING, frameBytes: grader.frameBytes, frame: (slot) => grader.frame(slot), grade: (slot) => grader.grade(slot) }, { timeoutMs, signal });
}

async function graderFor(width: number, height: number, look: Look): Promise<Grader> {
  const key = `${width}x${height} ${JSON.stringify(look)}`;
  if (kept?.key !== key) {
    kept = null;
    kept = { key, grader: await createGrader({ width, height, look, slots: RING }) };
  }
  if (!kept) throw new DailiesError('INTERNAL', 'The kernel is not there.');
  return kept.grader;
}
