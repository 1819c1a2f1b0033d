import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// What comes of stripping types and compiling is kept, as in apps/cli/src/main.ts: half of a start is saved. So
// everything else is imported after this.
enableCompileCache(join(import.meta.dirname, '../../../node_modules/.cache/dailies'));
const { openBus } = await import('@dailies/bus');
const { findTools } = await import('@dailies/media');
const { libraryFields, pickFields, retryFields, runService, toolFields } = await import('@dailies/service');
const { createFilterWorker, workerFields } = await import('./index.ts');

/**
 * The filter-worker as a process of its own. Settings: environment and flags, see docs/reference/configuration.md. Of
 * RECORDINGS_DIR only the place of the embedded bus is taken, so that all four services start on the same settings.
 */
const exitCode = await runService(
  {
    name: 'filter-worker',
    summary:
      'Takes batches of frames from the bus, decodes, grades and encodes them, and sends them back. It keeps no state: run as many as you like.',
    fields: [...pickFields(libraryFields, 'RECORDINGS_DIR'), ...workerFields, ...retryFields, ...toolFields],
    openBus,
    prepare: ({ config, searchPath }) => findTools(config, searchPath),
    async create({ config, bus, log, prepared: tools }) {
      return createFilterWorker({ bus, tools, log, config });
    },
  },
  process,
);
process.exit(exitCode);
