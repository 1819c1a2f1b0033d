import { openBus } from '@dailies/bus';
import { openLibrary } from '@dailies/library';
import { findTools } from '@dailies/media';
import { foldersOf, libraryFields, limitFields, retryFields, runService, together, toolFields } from '@dailies/service';
import {
  assemblerFields,
  createAssembler,
  createNotifier,
  createRetention,
  notifierFields,
  retentionFields,
} from './index.ts';

/**
 * The assembler as a process of its own, with the notifier, which tells the world of what it has finished, and retention.
 * Settings: environment and flags, see docs/reference/configuration.md.
 */
const exitCode = await runService(
  {
    name: 'assembler',
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
    async create({ config, bus, log, searchPath, view: openView, monitor }) {
      const library = openLibrary(foldersOf(config));
      const tools = await findTools(config, searchPath);
      monitor.check('folders', () => library.check('writing'));
      const view = await openView();
      const write = (line: string): void => void process.stdout.write(line);
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
