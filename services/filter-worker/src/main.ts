import { openBus } from '@dailies/bus';
import { findTools } from '@dailies/media';
import { libraryFields, pickFields, retryFields, runService, toolFields } from '@dailies/service';
import { createFilterWorker, workerFields } from './index.ts';

/**
 * The filter-worker as a process of its own. Settings: environment and flags, see docs/reference/configuration.md. Of
 * RECORDINGS_DIR only the place of the embedded bus is taken, so that all four services start on the same settings.
 */
const exitCode = await runService(
  {
    name: 'filter-worker',
    fields: [...pickFields(libraryFields, 'RECORDINGS_DIR'), ...workerFields, ...retryFields, ...toolFields],
    openBus,
    async create({ config, bus, log, searchPath }) {
      return createFilterWorker({ bus, tools: await findTools(config, searchPath), log, config });
    },
  },
  process,
);
process.exit(exitCode);
