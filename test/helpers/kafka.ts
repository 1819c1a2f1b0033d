import { createServer } from 'node:net';
import { after, before } from 'node:test';
import { GenericContainer, getContainerRuntimeClient, type StartedTestContainer, Wait } from 'testcontainers';

// There is no image of the sweeper on machines without access to a registry; what is started here is removed by `after`.
process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';

export const KAFKA_IMAGE = 'apache/kafka:4.1.1';
const START_MS = 240_000;

/** A broker in a container, reached under an address that outlives its restarts. */
export interface Broker {
  /** `localhost:port`. */
  readonly address: string;
  /** `kill -9`; what it has written to its disk stays. */
  kill(): Promise<void>;
  /** Starts it again after `kill`; resolves before it answers. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** One that we have started. */
export interface StartedBroker extends Broker {
  readonly container: StartedTestContainer;
}

export interface BrokerOptions {
  /** Further settings, as environment of the image: `KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS`; told the port that clients use. */
  readonly env?: (port: number) => Readonly<Record<string, string>>;
}

/** Groups form at once, sessions may be short, and no topic comes into being by a slip of the pen. */
const TEST_SETTINGS = {
  KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
  KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS: '500',
  KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
  KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
  KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '5',
  KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
  KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
  KAFKA_HEAP_OPTS: '-Xmx512m -Xms256m',
  // As deploy/docker-compose.yml has it: a broker of some minutes spent half of its processor time on the second compiler.
  KAFKA_OPTS: '-XX:TieredStopAtLevel=1',
};

/**
 * Why tests that need Docker cannot run here; false when they can. For `describe(name, { skip: await withoutDocker() })`.
 * In CI there has to be one, so that nothing is left out unseen.
 */
export async function withoutDocker(): Promise<string | false> {
  try {
    await getContainerRuntimeClient();
    return false;
  } catch {
    if (process.env.CI === 'true') return false;
    return 'needs Docker, which does not run here';
  }
}

/** Starts a single broker (KRaft) and waits until it answers. The caller stops it. */
export async function startBroker({ env = () => ({}) }: BrokerOptions = {}): Promise<StartedBroker> {
  const port = await freePort();
  const container = await new GenericContainer(KAFKA_IMAGE)
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
      KAFKA_LISTENERS: `PLAINTEXT://:${port},CONTROLLER://:9093`,
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://localhost:${port}`,
      ...TEST_SETTINGS,
      ...env(port),
    })
    .withExposedPorts({ container: port, host: port })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .withStartupTimeout(START_MS)
    .start();
  // Some images copy a read-only file there at each start, which goes well once; a broker has to start again.
  await container.exec(['chmod', '-R', 'u+w', '/opt/kafka/config']);
  const engine = async () => (await getContainerRuntimeClient()).container.getById(container.getId());
  return {
    address: `localhost:${port}`,
    container,
    async kill() {
      await (await engine()).kill();
    },
    async restart() {
      await (await engine()).start();
    },
    async stop() {
      await container.stop({ timeout: 0 });
    },
  };
}

/**
 * A broker for all tests of a suite; to be called in its `describe`. Started before the first, removed after the last. With
 * DAILIES_TEST_BROKER=host:port that one is used, so that single tests can be tried without waiting.
 */
export function sharedBroker(options: BrokerOptions = {}): () => Promise<Broker> {
  const { DAILIES_TEST_BROKER: address } = process.env;
  if (address !== undefined) return async () => foreignBroker(address);
  let started: Promise<Broker> | null = null;
  // In a hook, so that it takes nothing from the time of the first test: on a busy machine it can need a minute.
  before(
    async () => {
      started = startBroker(options);
      await started;
    },
    { timeout: START_MS },
  );
  after(async () => {
    await (await started?.catch(() => null))?.stop();
  });
  return () => started ?? Promise.reject(new Error('The broker is there for tests and their hooks alone.'));
}

/** One that we only use. */
function foreignBroker(address: string): Broker {
  const refuse = async (): Promise<never> => {
    throw new Error(`The broker ${address} is not ours to stop.`);
  };
  return { address, kill: refuse, restart: refuse, stop: refuse };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
