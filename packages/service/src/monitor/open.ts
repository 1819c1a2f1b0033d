import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus, Lag } from '@dailies/bus';
import { DailiesError, STATES, TOPICS, toDailiesError } from '@dailies/contracts';
import type { Logger } from 'pino';
import type { RecordingsReader } from '../types.ts';
import { type MeasuredBus, measured } from './measured.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { openHealthServer, type Problem } from './server.ts';

export interface MonitorOptions {
  /** Nothing is measured and served without a port. */
  readonly port: number | undefined;
  readonly host: string;
  readonly service: string;
  readonly version: string;
  readonly log: Logger;
}

/** How a process tells how it is. */
export interface Monitor {
  /** Counts what goes through a bus from now on; the process is ready when it answers and all that it consumes runs. */
  bus(bus: Bus): Bus;
  /** Counts recordings by state. */
  view(view: RecordingsReader): void;
  /** Something else that has to hold for the process to be ready, as that folders can be written; it throws when it does not. */
  check(what: string, check: () => Promise<unknown>): void;
  /** How many batches a recording may have under way, where recordings are split. */
  window(batches: number): void;
  /** Whether the process takes work: false until it has started, and from the moment on that it stops. */
  atWork(is: boolean): void;
  close(): Promise<void>;
}

const SILENT: Monitor = {
  bus: (bus) => bus,
  view: () => {},
  check: () => {},
  window: () => {},
  atWork: () => {},
  close: async () => {},
};

/** How long the bus may take to say where work waits. */
const ANSWER_MS = 5000;

/** @throws DailiesError CONFIG_INVALID when the port cannot be opened */
export async function openMonitor(options: MonitorOptions): Promise<Monitor> {
  const { port, host, service, version, log } = options;
  if (port === undefined) return SILENT;
  const { metrics, registry } = await createMetrics();
  metrics.buildInfo.set({ service, version, node: process.version }, 1);
  const checks = new Map<string, () => Promise<unknown>>();
  let bus: MeasuredBus | null = null;
  let view: RecordingsReader | null = null;
  let windowBatches = 0;
  let isAtWork = false;

  /** A bus that does not answer is not asked again meanwhile, however often we are. */
  let asking: Promise<Lag[]> | null = null;
  const lag = async (): Promise<Lag[]> => {
    asking ??= (bus?.lag() ?? Promise.resolve([])).finally(() => {
      asking = null;
    });
    return asking;
  };
  const problems = async (): Promise<Problem[]> => {
    if (!isAtWork) return [{ what: 'work', code: 'ABORTED', message: 'It is starting or stopping.' }];
    const found = await Promise.all([problemOf('bus', () => askLag(lag, metrics)), ...[...checks].map(runCheck)]);
    const ended = [...(bus?.lost ?? [])].map((topic) => ({
      what: 'work',
      code: 'BUS_FAILED',
      message: `The consumer of ${topic} has ended.`,
    }));
    return [...found.filter((problem) => problem !== null), ...ended];
  };

  const server = await openHealthServer(
    { host, port },
    {
      async metrics() {
        if (bus) await askLag(lag, metrics).catch(() => {});
        if (view) countRecordings(view, metrics);
        if (bus && view) measureWindow(bus, view, windowBatches, metrics);
        return { contentType: registry.contentType, text: await registry.metrics() };
      },
      problems,
    },
  );
  log.info({ address: server.address }, 'tells how it is at /metrics, /healthz and /readyz');
  return {
    bus(opened) {
      bus = measured(opened, metrics);
      return bus;
    },
    view(reader) {
      view = reader;
    },
    check: (what, check) => void checks.set(what, check),
    window(batches) {
      windowBatches = batches;
    },
    atWork(is) {
      isAtWork = is;
    },
    close: () => server.close(),
  };
}

async function problemOf(what: string, check: () => Promise<unknown>): Promise<Problem | null> {
  try {
    await check();
    return null;
  } catch (thrown) {
    const { code, message } = toDailiesError(thrown);
    return { what, code, message };
  }
}

const runCheck = ([what, check]: [string, () => Promise<unknown>]): Promise<Problem | null> => problemOf(what, check);

/** Where work waits. Asked at each scrape, so the answer also tells whether the bus is there. */
async function askLag(lag: Bus['lag'], metrics: Metrics): Promise<void> {
  const late = new AbortController();
  const timeout = sleep(ANSWER_MS, undefined, { signal: late.signal }).then(() => {
    throw new DailiesError('BUS_FAILED', `The bus did not answer within ${ANSWER_MS / 1000} s.`);
  });
  timeout.catch(() => {});
  try {
    for (const { topic, group, waiting, inFlight } of await Promise.race([lag(), timeout])) {
      metrics.lag.set({ topic, group }, waiting);
      metrics.inFlight.set({ topic, group }, inFlight);
    }
    metrics.busUp.set(1);
  } catch (error) {
    // What was true before is no longer known.
    metrics.lag.reset();
    metrics.inFlight.reset();
    metrics.busUp.set(0);
    throw error;
  } finally {
    late.abort();
  }
}

function countRecordings(view: RecordingsReader, metrics: Metrics): void {
  const counts = new Map<string, number>(STATES.map((state) => [state, 0]));
  for (const { state } of view.all()) counts.set(state, (counts.get(state) ?? 0) + 1);
  for (const [state, count] of counts) metrics.recordings.set({ state }, count);
}

function measureWindow(bus: MeasuredBus, view: RecordingsReader, limit: number, metrics: Metrics): void {
  const splitting = bus.inHand(TOPICS.recordings).flatMap((recordingId) => view.get(recordingId) ?? []);
  const underWay = splitting.map(({ sent, stored }) => sent.size - stored.size);
  metrics.windowUsed.set(underWay.reduce((sum, batches) => sum + Math.max(0, batches), 0));
  metrics.windowLimit.set(splitting.length * limit);
}
