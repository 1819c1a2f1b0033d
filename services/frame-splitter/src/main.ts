import { openBus } from '@dailies/bus';
import { findLook, loadLooks } from '@dailies/grade';
import { openLibrary } from '@dailies/library';
import { findTools } from '@dailies/media';
import { foldersOf, libraryFields, limitFields, retryFields, runService, toolFields } from '@dailies/service';
import { createFrameSplitter, splitterFields } from './index.ts';

/** The frame-splitter as a process of its own. Settings: environment and flags, see docs/reference/configuration.md. */
const exitCode = await runService(
  {
    name: 'frame-splitter',
    fields: [...libraryFields, ...splitterFields, ...limitFields, ...retryFields, ...toolFields],
    openBus,
    async create({ config, bus, log, searchPath, view, monitor }) {
      const look = findLook(config.look, await loadLooks(config.looksDir));
      const tools = await findTools(config, searchPath);
      const library = openLibrary(foldersOf(config));
      monitor.check('folders', () => library.check('reading'));
      monitor.window(config.windowBatches);
      return createFrameSplitter({ bus, library, view: await view(), tools, look, log, config });
    },
  },
  process,
);
process.exit(exitCode);
