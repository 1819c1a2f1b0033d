import { openBus } from '@dailies/bus';
import { openLibrary } from '@dailies/library';
import { findTools, inspectRecording } from '@dailies/media';
import { foldersOf, libraryFields, limitFields, retryFields, runService, together, toolFields } from '@dailies/service';
import { courtesyFields, createCourtesy, createIngestWatcher, watcherFields } from './index.ts';

/** The ingest-watcher as a process of its own. Settings: environment and flags, see docs/reference/configuration.md. */
const exitCode = await runService(
  {
    name: 'ingest-watcher',
    fields: [...libraryFields, ...watcherFields, ...courtesyFields, ...limitFields, ...retryFields, ...toolFields],
    openBus,
    async create({ config, bus, log, searchPath, view, monitor }) {
      const inspect = inspectRecording(await findTools(config, searchPath), config);
      const library = openLibrary(foldersOf(config));
      monitor.check('folders', () => library.check('writing'));
      return together('ingest-watcher', [
        createIngestWatcher({ bus, library, view: await view(), inspect, log, config }),
        createCourtesy({ bus, log, config }),
      ]);
    },
  },
  process,
);
process.exit(exitCode);
