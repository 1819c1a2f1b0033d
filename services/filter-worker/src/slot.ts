import { parentPort } from 'node:worker_threads';
import { type Look, toDailiesError } from '@dailies/contracts';
import { createGrader, type Grader, gradeImage } from '@dailies/grade';
import { pumpFrames } from '@dailies/media';
import type { SlotAnswer, SlotRequest } from './messages.ts';

/** The thread of one slot: one batch at a time, on its own core as far as the machine has one. */
const port = parentPort;
if (!port) throw new Error('slot.ts runs in a thread, by way of thread.ts');
// The kernel and its tables are kept from batch to batch: neighbours have the same size and look.
let kept: { key: string; grader: Grader } | null = null;

port.on('message', (request: SlotRequest) => {
  work(request).then(
    (bytes) => port.postMessage({ ok: true, bytes } satisfies SlotAnswer),
    (thrown: unknown) => {
      const error = toDailiesError(thrown);
      port.postMessage({
        ok: false,
        code: error.code,
        message: error.message,
        details: error.details,
      } satisfies SlotAnswer);
    },
  );
});

async function work(request: SlotRequest): Promise<Uint8Array | null> {
  if (request.type === 'image')
    return gradeImage(request.payload, request.manifest.look, { format: request.manifest.format });
  const { filmWidth, filmHeight } = request.manifest.picture;
  const grader = await graderFor(filmWidth, filmHeight, request.manifest.look);
  pumpFrames(
    request.manifest,
    {
      width: grader.width,
      height: grader.height,
      frameBytes: grader.frameBytes,
      frame: grader.frame(0),
      grade: () => grader.grade(0),
    },
    request.pipes,
    () => port?.postMessage({ open: true } satisfies SlotAnswer),
  );
  return null;
}

async function graderFor(width: number, height: number, look: Look): Promise<Grader> {
  const key = `${width}x${height} ${JSON.stringify(look)}`;
  if (kept?.key === key) return kept.grader;
  // Let go of the old memory before the new one is made: a 4K frame has 12 MB.
  kept = null;
  const grader = await createGrader({ width, height, look, slots: 1, withoutBars: true });
  kept = { key, grader };
  return grader;
}
