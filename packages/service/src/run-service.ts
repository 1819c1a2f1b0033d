import type { Bus, BusSettings, OpenBusOptions } from '@dailies/bus';
import type { Logger } from 'pino';
import { busFields } from './bus-fields.ts';
import { type ConfigSource, distinctFields, loadConfig } from './config.ts';
import { errorLines } from './error-lines.ts';
import type { ConfigOf, FieldSpec } from './fields.ts';
import { asksForHelp, asksForVersion, HELP_COLUMNS, serviceHelp } from './help.ts';
import { httpFields } from './http-fields.ts';
import { endProcess, exitCodeOf, processHooks, runServices } from './lifecycle.ts';
import { createLogger } from './logger.ts';
import { type Monitor, openMonitor } from './monitor/open.ts';
import { type OutputStream, type SafeOutput, safeOutput } from './output.ts';
import { redactor, secretsOf } from './redact.ts';
import { processFields } from './shared-fields.ts';
import type { RecordingsReader, Service } from './types.ts';
import { VERSION } from './version.ts';
import { followRecordings } from './view.ts';

/** What every service has, whatever it does. */
const COMMON = [...busFields, ...httpFields, ...processFields] as const;
type CommonConfig = ConfigOf<typeof COMMON>;

/** What a service is made of, once its process is prepared. */
export interface ServiceParts<Fields extends readonly FieldSpec[], Prepared = undefined> {
  readonly config: ConfigOf<Fields> & CommonConfig;
  readonly bus: Bus;
  readonly log: Logger;
  /** What `prepare` of the service gave. */
  readonly prepared: Prepared;
  /** The standard output; nothing happens when it cannot be written. */
  write(text: string): void;
  /** The state of all recordings, for services that need it; it ends with the bus. */
  view(): Promise<RecordingsReader>;
  /** Knows the bus and the view already. */
  readonly monitor: Monitor;
}

export interface ServiceSpec<Fields extends readonly FieldSpec[], Prepared = undefined> {
  readonly name: string;
  /** What it does, in a sentence or two for an operator. */
  readonly summary: string;
  /** Settings beyond those of the bus and of the process. */
  readonly fields: Fields;
  /** Which adapters there are, is decided in main.ts alone. */
  openBus(settings: BusSettings, options: OpenBusOptions): Promise<Bus>;
  /** What needs no bus, and is done while that is opened. @param searchPath PATH, where programs are searched for */
  prepare?(of: { readonly config: ConfigOf<Fields> & CommonConfig; readonly searchPath: string }): Promise<Prepared>;
  create(parts: ServiceParts<Fields, Prepared>): Promise<Service>;
}

/** What is needed of `process`; only main.ts touches that, so it hands it in. */
export type ProcessPorts = Pick<NodeJS.Process, 'env' | 'argv' | 'cwd' | 'on' | 'off'> & {
  readonly stdout: OutputStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: OutputStream;
};

/**
 * Runs one service as a process of its own, until a signal or an error that it cannot go on after.
 * @returns the exit code: 0 after a drained stop, or when it was only asked for its help or version, 1 when it could not start or not go on (the reason is told on stderr or
 *   in the log), 128 + signal after a second signal
 */
export async function runService<const Fields extends readonly FieldSpec[], Prepared>(
  spec: ServiceSpec<Fields, Prepared>,
  proc: ProcessPorts,
): Promise<number> {
  const fields: readonly FieldSpec[] = [...spec.fields, ...COMMON];
  const argv = proc.argv.slice(2);
  const stderr = safeOutput(proc.stderr, () => {});
  const stdout = safeOutput(proc.stdout, (error) =>
    stderr.write(`${spec.name}: the log cannot be written: ${error.message}. It works on without it.\n`),
  );
  if (asksForHelp(argv)) {
    stdout.write(
      serviceHelp({ ...spec, fields: distinctFields(fields) }, VERSION, proc.stdout.columns ?? HELP_COLUMNS),
    );
    return stdout.isLost() ? 1 : 0;
  }
  if (asksForVersion(argv)) {
    stdout.write(`${VERSION}\n`);
    return stdout.isLost() ? 1 : 0;
  }
  let redact = redactor([]);
  try {
    const config = loadConfig(fields, sourceOf(proc)) as ConfigOf<Fields> & CommonConfig;
    const secrets = secretsOf(fields, config);
    redact = redactor(secrets);
    const log = openLog(spec.name, config, secrets, proc, stdout);
    const service = inProcess(spec, config, { log, searchPath: proc.env.PATH ?? '', write: stdout.write });
    return exitCodeOf(await runServices([service], { drainMs: config.drainMs, log, hooks: processHooks(proc) }));
  } catch (thrown) {
    const withStack = ['debug', 'trace'].includes(proc.env.LOG_LEVEL ?? '');
    const configTodo = '--help tells every setting, and so does docs/reference/configuration.md.';
    const lines = errorLines(thrown, { program: spec.name, configTodo, withCode: true, withStack });
    stderr.write(`${redact(lines.join('\n'))}\n`);
    return 1;
  }
}

/** `npm start -w services/NAME` changes to that folder; paths are meant where npm was called. */
function sourceOf(proc: ProcessPorts): ConfigSource {
  const { env } = proc;
  const cwd = (env.npm_lifecycle_event === 'start' ? env.INIT_CWD : undefined) ?? proc.cwd();
  return { env, argv: proc.argv.slice(2), cwd };
}

function openLog(
  service: string,
  config: CommonConfig,
  secrets: readonly string[],
  proc: ProcessPorts,
  stdout: SafeOutput,
): Logger {
  const isTerminal = proc.stdout.isTTY === true;
  return createLogger({
    level: config.logLevel,
    format: config.logFormat,
    preferText: isTerminal,
    color: isTerminal && !proc.env.NO_COLOR && proc.env.TERM !== 'dumb',
    write: stdout.write,
    secrets,
    service,
  });
}

/** Brokers are waited for, however long that takes. */
const FOR_EVER = Number.POSITIVE_INFINITY;

/** The service with its bus as one: a signal ends the opening, too, and the bus closes after the service. */
function inProcess<const Fields extends readonly FieldSpec[], Prepared>(
  spec: ServiceSpec<Fields, Prepared>,
  config: ConfigOf<Fields> & CommonConfig,
  { log, searchPath, write }: Pick<ServiceParts<Fields>, 'log' | 'write'> & { readonly searchPath: string },
): Service {
  const ending = new AbortController();
  /** How to close what is open, the newest last. */
  const open: (() => Promise<void>)[] = [];
  let service: Service | null = null;
  let monitor: Monitor | null = null;

  /** Keeps what was opened, for closing; at once when it comes after the end. */
  const kept = async <T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> => {
    const opened = await opening;
    if (ending.signal.aborted) await opened.close();
    else open.push(() => opened.close());
    ending.signal.throwIfAborted();
    return opened;
  };
  const { name } = spec;
  return {
    name,
    async start() {
      const at = { port: config.httpPort, host: config.httpHost };
      const onError = (error: unknown): void =>
        log.error({ err: error }, 'the bus failed at something that nobody waits for');
      // All at once: work waits for a new process, and on a busy machine each step in turn takes its while.
      const [opened, telling, prepared] = await Promise.all([
        kept(spec.openBus(config, { clientId: name, log, onError, onEnd: endProcess, waitForBrokerMs: FOR_EVER })),
        kept(openMonitor({ ...at, service: name, version: VERSION, log })),
        spec.prepare?.({ config, searchPath }),
      ]);
      monitor = telling;
      const bus = telling.bus(opened);
      const view = async (): Promise<RecordingsReader> => {
        const reader = await followRecordings(bus, log);
        telling.view(reader);
        return reader;
      };
      service = await spec.create({ config, bus, log, prepared: prepared as Prepared, write, view, monitor: telling });
      ending.signal.throwIfAborted();
      await service.start();
      telling.atWork(true);
      log.info({ bus: config.kafkaBrokers ?? config.busPath }, 'at work');
    },
    async stop(options) {
      ending.abort();
      monitor?.atWork(false);
      try {
        await service?.stop(options);
      } finally {
        for (const close of open.toReversed()) await close();
      }
      log.info('stopped');
    },
  };
}
