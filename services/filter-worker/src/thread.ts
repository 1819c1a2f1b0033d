import { enableCompileCache } from 'node:module';
import { workerData } from 'node:worker_threads';
import type { ThreadData } from './messages.ts';

/** The entry of a slot's thread. A thread does not inherit where compiled modules are kept, and only what is imported later is. */
const { compileCache } = workerData as ThreadData;
if (compileCache !== null) enableCompileCache(compileCache);
await import('./slot.ts');
