import { openBus } from '@dailies/bus';
import { openLibrary } from '@dailies/library';
import { findTools } from '@dailies/media';
import { foldersOf, libraryFields, limitFields, retryFields, runService, toolFields } from '@dailies/service';
import { assemblerFields, createAssembler } from './index.ts';

/** The assembler as a process of its own. Settings: environment and flags, see docs/reference/configuration.md. */
const exitCode = await runService(
  {
    name: 'assembler',
    fields: [...libraryFields, ...assemblerFields, ...limitFields, ...retryFields, ...toolFields],
    openBus,
    async create({ config, bus, log, searchPath, view, monitor }) {
      const library = openLibrary(foldersOf(config));
      for (const sentence of await library.ensure()) log.info(sentence);
      const tools = await findTools(config, searchPath);
      monitor.check('folders', () => library.check('writing'));
      return createAssembler({ bus, library, view: await view(), tools, log, config });
    },
  },
  process,
);
process.exit(exitCode);
