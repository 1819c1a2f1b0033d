import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// What comes of stripping types and compiling is kept, as in apps/cli/src/main.ts: half of a start is saved. So
// everything else is imported after this.
enableCompileCache(join(import.meta.dirname, '../../../node_modules/.cache/dailies'));
const { openBus } = await import('@dailies/bus');
const { openLibrary } = await import('@dailies/library');
const { findTools } = await import('@dailies/media');
const { foldersOf, libraryFields, limitFields, retryFields, runService, together, toolFields } = await import(
  '@dailies/service'
);
const { assemblerFields, createAssembler, createNotifier, createRetention, notifierFields, retentionFields } =
  await import('./index.ts');

/**
 * The assembler as a process of its own, with the notifier, which tells the world of what it has finished, and retention.
 * Settings: environment and flags, see docs/reference/configuration.md.
 */
const exitCode = await runService(
  {
    name: 'assembler',
    summary:
      'Stores graded batches and makes films of them: joins, adds the sound, verifies, publishes to the processed folder, and moves the original to the archived folder. In the same process: the webhook, and retention.',
    fields: [
      ...libraryFields,
      ...assemblerFields,
      ...notifierFields,
      ...retentionFields,
      ...limitFields,
      ...retryFields,
      ...toolFields,
    ],
    openBus,
    prepare: ({ config, searchPath }) => findTools(config, searchPath),
    async create({ config, bus, log, prepared: tools, write, view: openView, monitor }) {
      const library = openLibrary(foldersOf(config));
      monitor.check('folders', () => library.check('writing'));
      const view = await openView();
      return together('assembler', [
        createNotifier({ bus, view, log, config, write }),
        createAssembler({ bus, library, view, tools, log, config }),
        createRetention({ bus, library, view, log, config }),
      ]);
    },
  },
  process,
);
process.exit(exitCode);
