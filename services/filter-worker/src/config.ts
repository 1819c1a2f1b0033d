import { availableParallelism } from 'node:os';
import { derived, field } from '@dailies/service';

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
] as const;
