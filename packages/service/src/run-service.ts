import type { Bus, BusSettings, OpenBusOptions } from '@dailies/bus';
import type { Logger } from 'pino';
import { busFields } from './bus-fields.ts';
import { type ConfigSource, loadConfig } from './config.ts';
import { errorLines } from './error-lines.ts';
import type { ConfigOf, FieldSpec } from './fields.ts';
import { exitCodeOf, processHooks, runServices } from './lifecycle.ts';
import { createLogger } from './logger.ts';
import { redactor, secretsOf } from './redact.ts';
import { processFields } from './shared-fields.ts';
import type { RecordingsReader, Service } from './types.ts';
import { followRecordings } from './view.ts';

/** What every service has, whatever it does. */
const COMMON = [...busFields, ...processFields] as const;
type CommonConfig = ConfigOf<typeof COMMON>;

/** What a service is made of, once its process is prepared. */
export interface ServiceParts<Fields extends readonly FieldSpec[]> {
  readonly config: ConfigOf<Fields> & CommonConfig;
  readonly bus: Bus;
  readonly log: Logger;
  /** PATH, where programs are searched for. */
  readonly searchPath: string;
  /** The state of all recordings, for services that need it; it ends with the bus. */
  view(): Promise<RecordingsReader>;
}

export interface ServiceSpec<Fields extends readonly FieldSpec[]> {
  readonly name: string;
  /** Settings beyond those of the bus and of the process. */
  readonly fields: Fields;
  /** Which adapters there are, is decided in main.ts alone. */
  openBus(settings: BusSettings, options: OpenBusOptions): Promise<Bus>;
  create(parts: ServiceParts<Fields>): Promise<Service>;
}

/** What is needed of `process`; only main.ts touches that, so it hands it in. */
export type ProcessPorts = Pick<NodeJS.Process, 'env' | 'argv' | 'cwd' | 'on' | 'off'> & {
  readonly stdout: { readonly isTTY?: boolean; write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
};

/**
 * Runs one service as a process of its own, until a signal or an error that it cannot go on after.
 * @returns the exit code: 0 after a drained stop, 1 when it could not start or not go on (the reason is told on stderr or
 *   in the log), 128 + signal after a second signal
 */
export async function runService<const Fields extends readonly FieldSpec[]>(
  spec: ServiceSpec<Fields>,
  proc: ProcessPorts,
): Promise<number> {
  const fields: readonly FieldSpec[] = [...spec.fields, ...COMMON];
  let redact = redactor([]);
  try {
    const config = loadConfig(fields, sourceOf(proc)) as ConfigOf<Fields> & CommonConfig;
    const secrets = secretsOf(fields, config);
    redact = redactor(secrets);
    const log = openLog(spec.name, config, secrets, proc);
    const service = inProcess(spec, config, log, proc.env.PATH ?? '');
    return exitCodeOf(await runServices([service], { drainMs: config.drainMs, log, hooks: processHooks(proc) }));
  } catch (thrown) {
    const withStack = ['debug', 'trace'].includes(proc.env.LOG_LEVEL ?? '');
    const configTodo = 'docs/reference/configuration.md describes every setting.';
    const lines = errorLines(thrown, { program: spec.name, configTodo, withCode: true, withStack });
    proc.stderr.write(`${redact(lines.join('\n'))}\n`);
    return 1;
  }
}

/** `npm start -w services/NAME` changes to that folder; paths are meant where npm was called. */
function sourceOf(proc: ProcessPorts): ConfigSource {
  const { env } = proc;
  const cwd = (env.npm_lifecycle_event === 'start' ? env.INIT_CWD : undefined) ?? proc.cwd();
  return { env, argv: proc.argv.slice(2), cwd };
}

function openLog(service: string, config: CommonConfig, secrets: readonly string[], proc: ProcessPorts): Logger {
  const isTerminal = proc.stdout.isTTY === true;
  return createLogger({
    level: config.logLevel,
    format: config.logFormat,
    preferText: isTerminal,
    color: isTerminal && !proc.env.NO_COLOR && proc.env.TERM !== 'dumb',
    write: (line) => proc.stdout.write(line),
    secrets,
    service,
  });
}

/** The service with its bus as one: a signal ends the opening, too, and the bus closes after the service. */
function inProcess<const Fields extends readonly FieldSpec[]>(
  spec: ServiceSpec<Fields>,
  config: ConfigOf<Fields> & CommonConfig,
  log: Logger,
  searchPath: string,
): Service {
  const ending = new AbortController();
  let bus: Bus | null = null;
  let service: Service | null = null;
  return {
    name: spec.name,
    async start() {
      const opened = await spec.openBus(config, {
        clientId: spec.name,
        log,
        onError: (error) => log.error({ err: error }, 'the bus failed at something that nobody waits for'),
      });
      if (ending.signal.aborted) return opened.close();
      bus = opened;
      service = await spec.create({ config, bus, log, searchPath, view: () => followRecordings(opened, log) });
      if (ending.signal.aborted) return;
      await service.start();
      log.info({ bus: config.kafkaBrokers ?? config.busPath }, 'at work');
    },
    async stop(options) {
      ending.abort();
      try {
        await service?.stop(options);
      } finally {
        await bus?.close();
      }
      log.info('stopped');
    },
  };
}
