import { availableParallelism } from 'node:os';
import { courtesyHostFields, derived, field } from '@dailies/service';

/** Settings of the filter-worker. */
export const workerFields = [
  field({
    env: 'WORKER_SLOTS',
    type: 'int',
    default: derived('the number of cores', () => availableParallelism()),
    min: 1,
    max: 256,
    describe:
      'How many batches are graded at once by one process. One per core: each slot has a thread and a one-thread encoder.',
    example: '4',
  }),
  field({
    env: 'BATCH_TIMEOUT_MS',
    type: 'int',
    default: 600_000,
    unit: 'ms',
    min: 1000,
    max: 86_400_000,
    describe: 'How long ffmpeg may take for one batch before it is ended and the batch is tried again.',
    example: '1200000',
  }),
  field({
    env: 'COURTESY',
    type: 'enum',
    default: 'slow',
    values: ['slow', 'pause', 'off'],
    describe:
      'What a worker does while a meeting is being recorded on its machine, as far as the watcher there can tell (docs/courtesy.md): slow, one batch at a time at low priority; pause, none; off, it works on.',
    example: 'pause',
  }),
  ...courtesyHostFields,
] as const;
