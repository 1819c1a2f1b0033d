import { createAssembler, createNotifier, createRetention, type Notifier } from '@dailies/assembler';
import type { Bus } from '@dailies/bus';
import type { Look } from '@dailies/contracts';
import { createFilterWorker } from '@dailies/filter-worker';
import { createFrameSplitter } from '@dailies/frame-splitter';
import { createCourtesy, createIngestWatcher, type IngestWatcher } from '@dailies/ingest-watcher';
import type { Library } from '@dailies/library';
import { type FfmpegTools, inspectRecording } from '@dailies/media';
import {
  endProcess,
  followRecordings,
  type Logger,
  type Monitor,
  openMonitor,
  type RecordingsReader,
  type Service,
  VERSION,
} from '@dailies/service';
import type { OpenBus } from './command.ts';
import { isSettled } from './once.ts';
import type { RunConfig } from './run-fields.ts';

/** The four services and the notifier on one bus, in one process tree. */
export interface Pipeline {
  readonly view: RecordingsReader;
  readonly watcher: IngestWatcher;
  readonly notifier: Notifier;
  /** In the order of their start. */
  readonly services: readonly Service[];
  close(): Promise<void>;
}

export interface PipelineOptions {
  readonly openBus: OpenBus;
  readonly config: RunConfig;
  readonly library: Library;
  readonly tools: FfmpegTools;
  readonly look: Look;
  readonly log: Logger;
  /** Takes lines for other programs, with their newline. */
  readonly write: (line: string) => void;
}

/**
 * Opens the bus, and the port that tells how we are, and builds the services; nothing is started.
 * @throws DailiesError BUS_FAILED, PERMISSION_DENIED, CONFIG_INVALID
 */
export async function openPipeline(options: PipelineOptions): Promise<Pipeline> {
  const { openBus, config, library, log } = options;
  const monitor = await openMonitor({
    port: config.httpPort,
    host: config.httpHost,
    service: 'dailies',
    version: VERSION,
    log,
  });
  monitor.check('folders', () => library.check('writing'));
  monitor.window(config.windowBatches);
  let bus: Bus | null = null;
  const close = async (): Promise<void> => {
    await bus?.close();
    await monitor.close();
  };
  try {
    bus = await openBus(config, {
      log,
      waitForBrokerMs: Number.POSITIVE_INFINITY,
      onEnd: endProcess,
      onError: (error) => log.error({ err: error }, 'the bus failed at something that nobody waits for'),
    });
    return { ...(await build(monitor.bus(bus), monitor, options)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function build(
  bus: Bus,
  monitor: Monitor,
  { config, library, tools, look, log, write }: PipelineOptions,
): Promise<Omit<Pipeline, 'close'>> {
  const view = await followRecordings(bus, log);
  monitor.view(view);
  const parts = { bus, library, view, tools, config };
  const speaking = (service: string): { log: Logger } => ({ log: log.child({ service }) });
  const watcher = createIngestWatcher({
    ...parts,
    ...speaking('ingest-watcher'),
    inspect: inspectRecording(tools, config),
  });
  const notifier = createNotifier({ ...parts, ...speaking('notifier'), write });
  // Who consumes comes first: stopping goes the other way round, so that work in hand flows out.
  const services = [
    notifier,
    createAssembler({ ...parts, ...speaking('assembler') }),
    createFilterWorker({ ...parts, ...speaking('filter-worker') }),
    createFrameSplitter({ ...parts, ...speaking('frame-splitter'), look }),
    watcher,
    createCourtesy({ ...parts, ...speaking('ingest-watcher') }),
    createRetention({ ...parts, ...speaking('retention') }),
    readiness(monitor),
  ];
  return { view, watcher, notifier, services };
}

/** Started last and stopped first: in between, the process is at work. */
function readiness(monitor: Monitor): Service {
  return {
    name: 'readiness',
    start: async () => monitor.atWork(true),
    stop: async () => monitor.atWork(false),
  };
}

/** Resolves when everything that is in the folder has been found and has ended, for `--once`; or when `stopping` says so. */
export async function workedThrough(
  { view, watcher }: { view: Pick<RecordingsReader, 'all' | 'changed'>; watcher: Pick<IngestWatcher, 'settled'> },
  stopping: AbortSignal,
): Promise<void> {
  while (!stopping.aborted) {
    await watcher.settled();
    if (isSettled(view.all())) return;
    // What ended may have left something new behind: a file that was replaced is found again.
    // A watcher that has stopped and a view that is closed answer at once: without the signal this would spin for ever.
    while (!stopping.aborted && !isSettled(view.all())) await view.changed();
  }
}
