import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { DailiesError, type FrameBatch } from '@dailies/contracts';
import { gradedRows } from '@dailies/grade';
import { type FfmpegTools, type FramePipes, gradeBatch, makePipes, sweepPipes } from '@dailies/media';
import type { SlotAnswer, SlotRequest, ThreadData } from './messages.ts';

/** The slots of one worker process: each is a thread and two ffmpeg processes, so that grading scales with cores. */
export interface SlotPool {
  readonly slots: number;
  /**
   * Grades one batch in a free slot, with processes of this niceness; waits for one when all are busy.
   * @throws DailiesError what the slot says; ABORTED after `signal`; INTERNAL when the thread died
   */
  grade(manifest: FrameBatch, payload: Uint8Array, signal?: AbortSignal, nice?: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

interface Slot {
  thread: Worker;
  busy: boolean;
  readonly pipes: FramePipes;
  readonly remove: () => Promise<void>;
}

export interface SlotPoolOptions {
  readonly slots: number;
  readonly tools: FfmpegTools;
  readonly timeoutMs: number;
  /** Where the named pipes are made. */
  readonly temporary: string;
}

/** @throws DailiesError IO_FAILED when no named pipes can be made */
export async function createSlotPool({
  slots: count,
  tools,
  timeoutMs,
  temporary,
}: SlotPoolOptions): Promise<SlotPool> {
  await sweepPipes(temporary);
  const slots: Slot[] = await Promise.all(
    Array.from({ length: count }, async () => ({
      thread: startThread(),
      busy: false,
      ...(await makePipes(temporary)),
    })),
  );
  const waiting: ((slot: Slot) => void)[] = [];
  let closed = false;

  const take = async (): Promise<Slot> => {
    const free = slots.find((slot) => !slot.busy);
    // A slot that is handed over stays busy: nobody else may take it in between.
    const slot = free ?? (await new Promise<Slot>((resolve) => waiting.push(resolve)));
    slot.busy = true;
    return slot;
  };
  const give = (slot: Slot): void => {
    const next = waiting.shift();
    if (next) next(slot);
    else slot.busy = false;
  };
  const work = async (
    slot: Slot,
    manifest: FrameBatch,
    payload: Uint8Array,
    signal: AbortSignal | undefined,
    nice: number | undefined,
  ): Promise<Uint8Array> => {
    if (manifest.type === 'image-batch') {
      const bytes = await ask(slot.thread, { type: 'image', manifest, payload });
      if (!bytes) throw new DailiesError('INTERNAL', 'The slot answered an image without its bytes.');
      return bytes;
    }
    return gradeBatch(tools, manifest, payload, {
      pipes: slot.pipes,
      rows: gradedRows(manifest.look, manifest.picture.filmHeight),
      pump: async (_manifest, pipes, onOpen) =>
        void (await ask(slot.thread, { type: 'pump', manifest, pipes }, onOpen)),
      timeoutMs,
      signal,
      nice,
    });
  };

  return {
    slots: count,
    async grade(manifest, payload, signal, nice) {
      const slot = await take();
      try {
        if (closed || signal?.aborted)
          throw new DailiesError('ABORTED', 'Stopped before a batch was graded; it is given back.');
        return await work(slot, manifest, payload, signal, nice);
      } catch (error) {
        if (error instanceof DailiesError && error.code === 'INTERNAL' && !closed) {
          await slot.thread.terminate();
          slot.thread = startThread();
        }
        throw error;
      } finally {
        give(slot);
      }
    },
    async close() {
      closed = true;
      await Promise.all(slots.map((slot) => Promise.all([slot.thread.terminate(), slot.remove()])));
    },
  };
}

function startThread(): Worker {
  const cache = getCompileCacheDir();
  // Node names a folder in it for its own version, and does so again.
  const workerData: ThreadData = { compileCache: cache === undefined ? null : dirname(cache) };
  const thread = new Worker(new URL('./thread.ts', import.meta.url), { workerData });
  // An idle slot does not keep the process alive.
  thread.unref();
  return thread;
}

/** One request to the thread of a slot, which answers it or dies. */
function ask(thread: Worker, request: SlotRequest, onOpen?: () => void): Promise<Uint8Array | null> {
  return new Promise((resolve, reject) => {
    const done = (settle: () => void): void => {
      thread.off('message', onMessage).off('error', onError).off('exit', onExit).unref();
      settle();
    };
    const onMessage = (answer: SlotAnswer): void => {
      if ('open' in answer) {
        onOpen?.();
        return;
      }
      done(() =>
        answer.ok
          ? resolve(answer.bytes)
          : reject(new DailiesError(answer.code, answer.message, { details: { ...answer.details } })),
      );
    };
    const onError = (cause: Error): void =>
      done(() => reject(new DailiesError('INTERNAL', `The thread of a slot failed: ${cause.message}`, { cause })));
    const onExit = (code: number): void =>
      done(() => reject(new DailiesError('INTERNAL', `The thread of a slot ended with code ${code}.`)));
    thread.on('message', onMessage).on('error', onError).on('exit', onExit).ref();
    thread.postMessage(request);
  });
}
