import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// What comes of stripping types and compiling is kept, as in apps/cli/src/main.ts: half of a start is saved. So
// everything else is imported after this.
enableCompileCache(join(import.meta.dirname, '../../../node_modules/.cache/dailies'));
const { openBus } = await import('@dailies/bus');
const { findLook, loadLooks } = await import('@dailies/grade');
const { openLibrary } = await import('@dailies/library');
const { findTools } = await import('@dailies/media');
const { foldersOf, libraryFields, limitFields, retryFields, runService, toolFields } = await import('@dailies/service');
const { createFrameSplitter, splitterFields } = await import('./index.ts');

/** The frame-splitter as a process of its own. Settings: environment and flags, see docs/reference/configuration.md. */
const exitCode = await runService(
  {
    name: 'frame-splitter',
    summary:
      'Cuts announced recordings at their keyframes, without decoding, and sends the batches to the workers, no more ahead than WINDOW_BATCHES.',
    fields: [...libraryFields, ...splitterFields, ...limitFields, ...retryFields, ...toolFields],
    openBus,
    prepare: ({ config, searchPath }) => findTools(config, searchPath),
    async create({ config, bus, log, prepared: tools, view, monitor }) {
      const look = findLook(config.look, await loadLooks(config.looksDir));
      const library = openLibrary(foldersOf(config));
      monitor.check('folders', () => library.check('reading'));
      monitor.window(config.windowBatches);
      return createFrameSplitter({ bus, library, view: await view(), tools, look, log, config });
    },
  },
  process,
);
process.exit(exitCode);
