import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bus, openBus } from '@dailies/bus';
import { TOPICS } from '@dailies/contracts';
import {
  busFields,
  createLogger,
  followRecordings,
  libraryFields,
  loadConfig,
  type RecordingsReader,
} from '@dailies/service';
import { SERVICES, type ServiceName } from '../helpers/services.ts';
import { type FaultyBroker, startFaultyBroker } from './broker.ts';
import type { Fleet } from './faults.ts';
import { type OwnEnd, openPlace, type Place } from './processes.ts';

/** The pipeline as separate processes on one bus, and a look at it from outside. */
export interface Stage {
  readonly recordings: string;
  readonly fleet: Fleet;
  readonly places: readonly Place[];
  readonly broker: FaultyBroker | null;
  readonly bus: Bus;
  readonly view: RecordingsReader;
  /** Ends that no fault made. */
  readonly ownEnds: readonly OwnEnd[];
  deadLetters(): Promise<string[]>;
  /** Ends whatever still runs. The folder stays. */
  close(): Promise<void>;
}

/** Several of each where others can take the work over. Announcing is one process's, as in every deployment. */
const MEMBERS: Fleet['members'] = { 'ingest-watcher': 1, 'frame-splitter': 2, 'filter-worker': 3, assembler: 2 };
/** Batches that a worker has in hand at most. */
export const SLOTS = 1;
export const WINDOW = 4;
/** Longest of the sessions: Kafka's 12 s, the embedded bus has 10 s. */
const SESSION_MS = 12_000;

export async function openStage(folder: string, kind: 'sqlite' | 'kafka', env: NodeJS.ProcessEnv): Promise<Stage> {
  const recordings = join(folder, 'recordings');
  const logs = join(folder, 'logs');
  await mkdir(recordings, { recursive: true });
  await mkdir(logs);
  const broker = kind === 'kafka' ? await startFaultyBroker() : null;
  const settings = {
    RECORDINGS_DIR: recordings,
    ...(broker ? { KAFKA_BROKERS: broker.address } : {}),
  };
  const log = createLogger({ level: 'silent', format: 'json', preferText: false, color: false, write: () => {} });
  const bus = await openBus(loadConfig([...libraryFields, ...busFields], { env: settings, argv: [] }), {
    clientId: 'chaos',
    log,
  });
  const view = await followRecordings(bus, log);
  const ownEnds: OwnEnd[] = [];
  const place = (service: ServiceName, n: number): Place => {
    const name = `${service}-${n}`;
    return openPlace({
      name,
      service,
      log: join(logs, `${name}.log`),
      env: {
        ...env,
        ...settings,
        ...{ LOG_FORMAT: 'json', LOG_LEVEL: 'debug', QUIET_MS: '1000', STABLE_MS: '100', BACKOFF_MS: '200' },
        ...{ BATCH_SECONDS: '1', WINDOW_BATCHES: String(WINDOW), WORKER_SLOTS: String(SLOTS), PRESET: 'superfast' },
      },
      onOwnEnd: (end) => ownEnds.push(end),
    });
  };
  const places = SERVICES.flatMap((service) => Array.from({ length: MEMBERS[service] }, (_, n) => place(service, n)));
  return {
    recordings,
    fleet: { members: MEMBERS, hasBroker: broker !== null, sessionMs: SESSION_MS },
    places,
    broker,
    bus,
    view,
    ownEnds,
    async deadLetters() {
      const letters: string[] = [];
      await bus.tail(TOPICS.deadLetters, ({ key, headers }) => {
        letters.push(`${headers['dead-letter-topic']} ${key}: ${headers['dead-letter-reason']}`);
      });
      return letters;
    },
    async close() {
      for (const each of places) each.destroy();
      await view.close();
      await bus.close();
      await broker?.stop();
    },
  };
}
