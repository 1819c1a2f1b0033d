export { workerFields } from './config.ts';
export { createSlotPool, type SlotPool } from './pool.ts';
export { createFilterWorker, type FilterWorkerOptions } from './service.ts';
