import { Worker } from 'node:worker_threads';
import { DailiesError, type FrameBatch } from '@dailies/contracts';
import type { FfmpegTools } from '@dailies/media';
import type { SlotAnswer, SlotRequest } from './messages.ts';

/** The slots of one worker process: each is a thread, so that grading scales with cores. */
export interface SlotPool {
  readonly slots: number;
  /**
   * Grades one batch in a free slot; waits for one when all are busy.
   * @throws DailiesError what the slot says; ABORTED after `signal`; INTERNAL when the thread died
   */
  grade(manifest: FrameBatch, payload: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;
  close(): Promise<void>;
}

interface Slot {
  thread: Worker;
  busy: boolean;
}

export function createSlotPool(options: { slots: number; tools: FfmpegTools; timeoutMs: number }): SlotPool {
  const { tools, timeoutMs } = options;
  const start = (): Worker => {
    const thread = new Worker(new URL('./slot.ts', import.meta.url), { workerData: { tools, timeoutMs } });
    // An idle slot does not keep the process alive.
    thread.unref();
    thread.setMaxListeners(0);
    return thread;
  };
  const slots: Slot[] = Array.from({ length: options.slots }, () => ({ thread: start(), busy: false }));
  const waiting: ((slot: Slot) => void)[] = [];
  let closed = false;

  const take = async (): Promise<Slot> => {
    const free = slots.find((slot) => !slot.busy);
    const slot = free ?? (await new Promise<Slot>((resolve) => waiting.push(resolve)));
    slot.busy = true;
    return slot;
  };
  const give = (slot: Slot): void => {
    slot.busy = false;
    const next = waiting.shift();
    if (next) {
      slot.busy = true;
      next(slot);
    }
  };

  return {
    slots: options.slots,
    async grade(manifest, payload, signal) {
      const slot = await take();
      try {
        if (closed || signal?.aborted) throw new DailiesError('ABORTED', 'Stopped before a batch was graded; it is given back.');
        return await ask(slot.thread, manifest, payload, signal);
      } catch (error) {
        if (error instanceof DailiesError && error.code === 'INTERNAL' && !closed) {
          await slot.thread.terminate();
          slot.thread = start();
        }
        throw error;
      } finally {
        give(slot);
      }
    },
    async close() {
      closed = true;
      await Promise.all(slots.map((slot) => slot.thread.terminate()));
    },
  };
}

function ask(thread: Worker, manifest: FrameBatch, payload: Uint8Array, signal: AbortSignal | undefined): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const done = (settle: () => void): void => {
      thread.off('message', onMessage).off('error', onError).off('exit', onExit).unref();
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    const onMessage = (answer: SlotAnswer): void =>
      done(() => (answer.ok ? resolve(answer.bytes) : reject(new DailiesError(answer.code, answer.message, { details: { ...answer.details } }))));
    const onError = (cause: Error): void => done(() => reject(new DailiesError('INTERNAL', `The thread of a slot failed: ${cause.message}`, { cause })));
    const onExit = (code: number): void => done(() => reject(new DailiesError('INTERNAL', `The thread of a slot ended with code ${code}.`)));
    const onAbort = (): void => thread.postMessage({ type: 'abort' } satisfies SlotRequest);
    thread.on('message', onMessage).on('error', onError).on('exit', onExit).ref();
    signal?.addEventListener('abort', onAbort);
    thread.postMessage({ type: 'grade', manifest, payload } satisfies SlotRequest);
  });
}
