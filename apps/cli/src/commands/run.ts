import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findLook, loadLooks } from '@dailies/grade';
import { type Library, openLibrary } from '@dailies/library';
import { findTools } from '@dailies/media';
import {
  createLogger,
  type Ending,
  exitCodeOf,
  foldersOf,
  type Logger,
  loadConfig,
  runServices,
  secretsOf,
} from '@dailies/service';
import { splitArguments } from '../arguments.ts';
import type { Command, Context } from '../command.ts';
import { mayColor } from '../command-log.ts';
import { takeLock } from '../lock.ts';
import { exitCodeOfOnce, outcomeOf } from '../once.ts';
import { outcomeText, stoppedText } from '../once-text.ts';
import { openPipeline, type Pipeline, type PipelineOptions, workedThrough } from '../pipeline.ts';
import { requireFolder } from '../read-view.ts';
import { startReporter } from '../reporter.ts';
import { type RunConfig, runFields } from '../run-fields.ts';
import { createScreen, type Screen } from '../screen.ts';
import { bundledWarning, startupLines } from '../startup-text.ts';
import { shownPath } from '../status-model.ts';

const TICK_MS = 250;
/** Attempts of `--once` for what only an operator can mend: nobody waits for a cron job for ever. */
const ONCE_WAIT_ATTEMPTS = 4;

/** The whole pipeline in one process tree, on the embedded bus. */
export const run: Command = {
  name: 'run',
  usage: 'run',
  summary: 'Watch a folder, and make a film of each recording in it (what `npm start` does).',
  details: [
    'Ctrl-C finishes what is nearly done and stops; starting again goes on where it was. A second Ctrl-C stops at once.',
  ],
  fields: runFields,
  makesFilms: true,
  positionals: 0,
  async run(context, argv) {
    const config = readConfig(context, argv);
    const screen = createScreen(context.stdout);
    const log = openLog(context, config, screen);
    const write = (line: string): void => screen.print(line);
    const prepared = { ...(await prepare(config, context, log)), config, log, write, openBus: context.openBus };
    const lock = takeLock(join(dirname(config.busPath), 'run.lock'), { pid: context.pid, now: context.now() });
    try {
      sayStart(prepared, context.version);
      const pipeline = await openPipeline(prepared);
      try {
        return await work(pipeline, prepared, context, screen);
      } finally {
        await pipeline.close();
      }
    } finally {
      lock.release();
    }
  },
};

function readConfig(context: Context, argv: readonly string[]): RunConfig {
  const { flags } = splitArguments(argv, runFields, 0);
  const config = loadConfig(runFields, { env: context.env, argv: flags, cwd: context.cwd });
  return config.once ? { ...config, waitAttempts: config.waitAttempts ?? ONCE_WAIT_ATTEMPTS } : config;
}

function openLog(context: Context, config: RunConfig, screen: Screen): Logger {
  return createLogger({
    level: config.logLevel,
    format: config.logFormat,
    // Who runs the whole pipeline by hand or from cron reads its lines; JSON has to be asked for.
    preferText: true,
    color: mayColor(context, context.stdout),
    write: (line) => screen.print(line),
    secrets: secretsOf(runFields, config),
  });
}

/** Everything that can stand in the way of a start, checked before anything runs. */
async function prepare(
  config: RunConfig,
  context: Context,
  log: Logger,
): Promise<Omit<PipelineOptions, 'config' | 'log' | 'openBus' | 'write'>> {
  // A folder that a cron job names wrongly must not be made, and found empty.
  if (config.once) requireFolder(config.recordingsDir);
  const library = openLibrary(foldersOf(config));
  const tools = await findTools(config, context.env.PATH ?? '');
  const look = findLook(config.look, await loadLooks(config.looksDir));
  for (const note of await library.ensure()) log.info(note);
  return { library, tools, look };
}

function sayStart({ config, library, tools, look, log }: PipelineOptions, version: string): void {
  const facts = { ...library, version, tools, look: look.name, slots: config.workerSlots, once: config.once };
  for (const line of startupLines(facts)) log.info(line);
  const warning = bundledWarning(tools);
  if (warning) log.warn(warning);
}

/** Runs the services to their end, telling what happens. @returns the exit code */
async function work(pipeline: Pipeline, options: PipelineOptions, context: Context, screen: Screen): Promise<number> {
  const { config, library, log } = options;
  const reporter = startReporter({
    view: pipeline.view,
    log,
    screen,
    output: context.stdout,
    live: context.stdout.isTerminal && config.logFormat !== 'json' && config.logLevel !== 'silent',
    now: () => performance.now(),
    filmPath: (film) => shownPath(library.recordings, join(library.processed, film)),
  });
  const ticking = setInterval(() => reporter.tick(), TICK_MS);
  let ending: Ending;
  try {
    ending = await runServices(pipeline.services, {
      drainMs: config.drainMs,
      log,
      hooks: context.hooks,
      ...(config.once
        ? {
            async until(stopping: AbortSignal) {
              await workedThrough(pipeline, stopping);
              await pipeline.notifier.told(config.drainMs, stopping);
            },
          }
        : {}),
      onStopping: (why) => {
        if (why.by === 'signal')
          log.info(
            `stopping: what is nearly done is finished, for at most ${Math.ceil(config.drainMs / 1000)} s (again: at once)`,
          );
      },
    });
  } finally {
    clearInterval(ticking);
    reporter.stop();
  }
  const isForced = ending.by === 'signal' && ending.forced;
  // Closing the pipeline would wait for the very work that is not to be waited for.
  if (isForced) context.exitNow(exitCodeOf(ending));
  if (!config.once && ending.by === 'signal') log.info(stoppedText(pipeline.view.all()));
  if (!config.once || ending.by === 'error' || isForced) return exitCodeOf(ending);
  return sayOutcome(pipeline, library, reporter.touched, { log, screen, asLog: config.logFormat === 'json' });
}

/** The end of `--once`. @returns the exit code */
function sayOutcome(
  { view, watcher }: Pipeline,
  library: Library,
  touched: ReadonlySet<string>,
  to: { log: Logger; screen: Screen; asLog: boolean },
): number {
  const outcome = outcomeOf(view.all(), touched, (path) => existsSync(join(library.recordings, path)));
  const problems = watcher.problems();
  if (to.asLog) {
    const { films, failed, unfinished } = outcome;
    to.log.info(
      { films: films.length, failed: failed.length, unfinished: unfinished.length, problems: problems.length },
      'worked through',
    );
  } else {
    to.screen.print(outcomeText(outcome, problems));
  }
  return exitCodeOfOnce(outcome, problems.length);
}
