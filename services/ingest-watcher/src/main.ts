import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// What comes of stripping types and compiling is kept, as in apps/cli/src/main.ts: half of a start is saved. So
// everything else is imported after this.
enableCompileCache(join(import.meta.dirname, '../../../node_modules/.cache/dailies'));
const { openBus } = await import('@dailies/bus');
const { openLibrary } = await import('@dailies/library');
const { findTools, inspectRecording } = await import('@dailies/media');
const { foldersOf, libraryFields, limitFields, retryFields, runService, together, toolFields } = await import(
  '@dailies/service'
);
const { courtesyFields, createCourtesy, createIngestWatcher, watcherFields } = await import('./index.ts');

/** The ingest-watcher as a process of its own. Settings: environment and flags, see docs/reference/configuration.md. */
const exitCode = await runService(
  {
    name: 'ingest-watcher',
    summary:
      'Finds finished recordings in the recordings folder and announces them on the bus, each once. It also tells the workers when a meeting is being recorded on their machine.',
    fields: [...libraryFields, ...watcherFields, ...courtesyFields, ...limitFields, ...retryFields, ...toolFields],
    openBus,
    prepare: ({ config, searchPath }) => findTools(config, searchPath),
    async create({ config, bus, log, prepared: tools, view, monitor }) {
      const inspect = inspectRecording(tools, config);
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
