import { openBus } from '@dailies/bus';
import { toDailiesError } from '@dailies/contracts';
import { openLibrary } from '@dailies/library';
import { findTools, inspectRecording } from '@dailies/media';
import {
  busFields,
  createLogger,
  exitCodeOf,
  followRecordings,
  libraryFields,
  limitFields,
  loadConfig,
  processFields,
  processHooks,
  retryFields,
  runServices,
  toolFields,
} from '@dailies/service';
import { createIngestWatcher, watcherFields } from './index.ts';

/** The ingest-watcher as a process of its own. Settings: environment and flags, see docs/reference. */
async function main(): Promise<number> {
  const fields = [
    ...libraryFields,
    ...watcherFields,
    ...limitFields,
    ...retryFields,
    ...toolFields,
    ...busFields,
    ...processFields,
  ] as const;
  const config = loadConfig(fields, { env: process.env, argv: process.argv.slice(2) });
  const { isTTY = false } = process.stdout;
  const { NO_COLOR, PATH = '' } = process.env;
  const log = createLogger({
    level: config.logLevel,
    format: config.logFormat,
    preferText: isTTY,
    color: isTTY && !NO_COLOR,
    write: (line) => process.stdout.write(line),
    service: 'ingest-watcher',
  });
  const { recordingsDir: recordings, processedDir: processed, archivedDir: archived, workDir: work } = config;
  const library = openLibrary({ recordings, processed, archived, work });
  for (const sentence of await library.ensure()) log.info(sentence);
  const tools = await findTools(config, PATH);
  const bus = await openBus(config, {
    clientId: 'ingest-watcher',
    log,
    onError: (error) => log.error({ err: error }, 'the bus'),
  });
  try {
    const view = await followRecordings(bus, log);
    const watcher = createIngestWatcher({ bus, library, view, inspect: inspectRecording(tools, config), log, config });
    return exitCodeOf(await runServices([watcher], { drainMs: config.drainMs, log, hooks: processHooks(process) }));
  } finally {
    await bus.close();
  }
}

try {
  process.exitCode = await main();
} catch (thrown) {
  const { code, message } = toDailiesError(thrown);
  process.stderr.write(`${code}: ${message}\n`);
  process.exitCode = 1;
}
