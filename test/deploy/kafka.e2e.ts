import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { docker, noDocker } from '../e2e/docker.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MINUTE = 60_000;
const skip = (await noDocker()) ?? false;

interface Kafka {
  compose(...args: string[]): Promise<string>;
  /** use-kafka.ts in a container beside the brokers. @returns what it said */
  use(settings: Readonly<Record<string, string>>, ...args: string[]): Promise<string>;
  /** The same, with its lines while it runs. */
  begin(settings: Readonly<Record<string, string>>, ...args: string[]): AsyncIterable<string>;
}

/** A compose file of deploy/kafka under a name of its own; it goes with its volumes when the test ends. */
function kafka(t: TestContext, folder: string, env: Readonly<Record<string, string>> = {}): Kafka {
  const project = `dailies-kafka-${folder}-${process.pid}`;
  const file = join(ROOT, 'deploy/kafka', folder, 'docker-compose.yml');
  const compose = (...args: string[]): Promise<string> => docker(['compose', '-f', file, '-p', project, ...args], env);
  t.after(() => compose('down', '--volumes', '--timeout', '2').catch(console.error));
  const program = (settings: Readonly<Record<string, string>>, args: readonly string[]): string[] => {
    const variables = Object.entries(settings).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    const mounts = [
      '--volume',
      `${ROOT}:/app:ro`,
      ...(env.SECRETS_DIR ? ['--volume', `${env.SECRETS_DIR}:/secrets:ro`] : []),
    ];
    const called = ['node:24-trixie-slim', 'node', '/app/test/deploy/use-kafka.ts', ...args];
    return ['run', '--rm', '--network', `${project}_default`, ...mounts, ...variables, ...called];
  };
  return {
    compose,
    use: (settings, ...args) => docker(program(settings, args)).catch(String),
    begin(settings, ...args) {
      const { stdout } = spawn('docker', program(settings, args), { stdio: ['ignore', 'pipe', 'inherit'] });
      return createInterface({ input: stdout });
    },
  };
}

async function explained(cluster: Kafka, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    console.error(await cluster.compose('logs', '--no-color', '--tail', '60').catch(String));
    throw error;
  }
}

/**
 * Starts the nodes and waits for them. One that ends while it starts is started again by its policy, as it is for an
 * operator; `--wait` takes that for ill at once, so it is told with its errors, and waited for once more.
 */
async function start(cluster: Kafka): Promise<void> {
  const up = (): Promise<string> => cluster.compose('up', '--detach', '--wait', '--wait-timeout', '480');
  await up().catch(async (error: unknown) => {
    const said = await cluster.compose('logs', '--no-color').catch(String);
    const errors = said.split('\n').filter((line) => /ERROR|FATAL|Exception/.test(line));
    console.error(`started again: ${error}\n${errors.slice(0, 40).join('\n')}`);
    await up();
  });
}

/** The node that looks after a group. */
async function coordinatorOf(cluster: Kafka, group: string): Promise<string> {
  const tool = ['/opt/kafka/bin/kafka-consumer-groups.sh', '--bootstrap-server', 'localhost:9092', '--describe'];
  // Its own patience is 5 s, which a node that was just started may need for an answer.
  const options = ['--state', '--timeout', '60000', '--group', group];
  const told = await cluster.compose('exec', '-T', 'kafka-1', ...tool, ...options);
  const node = /kafka-[123](?=:9092)/.exec(told)?.[0];
  assert.ok(node, told);
  return node;
}

test('three nodes: every record is on all of them, and one may be lost', { skip, timeout: 15 * MINUTE }, async (t) => {
  const cluster = kafka(t, 'cluster', { KAFKA_HEAP_OPTS: '-Xms128m -Xmx256m' });
  await explained(cluster, async () => {
    await start(cluster);
    const settings = { KAFKA_BROKERS: 'kafka-1:9092,kafka-2:9092,kafka-3:9092', PATIENT: '1' };
    assert.match(await cluster.use(settings, 'publish', '20'), /^done$/m);
    const topics = ['/opt/kafka/bin/kafka-topics.sh', '--bootstrap-server', 'localhost:9092', '--describe'];
    const told = await cluster.compose('exec', '-T', 'kafka-1', ...topics, '--topic', 'dailies.recordings');
    assert.match(told, /ReplicationFactor: 3\b.*min\.insync\.replicas=2\b/);
    assert.match(await cluster.use(settings, 'consume', '20'), /^done$/m);
    assert.match(await cluster.use(settings, 'publish', '60'), /^done$/m);
    // Not any node: the one that the consumer asks for its partitions and tells what is done, in the middle of its work.
    const coordinator = await coordinatorOf(cluster, 'frame-splitter');
    const lines: string[] = [];
    for await (const line of cluster.begin({ ...settings, HANDLER_MS: '300' }, 'consume', '60')) {
      lines.push(line);
      if (line === '5 handled') await cluster.compose('kill', coordinator);
    }
    assert.equal(lines.at(-1), 'done', lines.join('\n'));
    const [, again] = /^60 came, (\d+) of them again$/m.exec(lines.join('\n')) ?? [];
    t.diagnostic(`${coordinator} was killed; ${again} records came again`);
    // The kill may cost what it had in hand once. On a busy machine the group may give it up another time; then it says so.
    const joins = lines.filter((line) => /^\d+ partitions, all of them new$/.test(line)).length;
    const losses = Math.max(1, joins - 1);
    assert.ok(Number(again) <= 4 * losses, `no more than it had in hand: ${lines.join('\n')}`);
    assert.match(await cluster.use(settings, 'publish', '20'), /^done$/m);
    assert.match(await cluster.use(settings, 'consume', '20'), /^done$/m);
  });
});

test('secured: nobody gets in unknown, and a service may do what it needs and no more', {
  skip,
  timeout: 15 * MINUTE,
}, async (t) => {
  const secrets = await mkdtemp(join(tmpdir(), 'dailies-secrets-'));
  t.after(() => rm(secrets, { recursive: true, force: true }));
  const project = `dailies-kafka-secured-${process.pid}`;
  const env = { SECRETS_DIR: secrets, KAFKA_BIND: '127.0.0.1:0', KAFKA_HEAP_OPTS: '-Xms128m -Xmx256m' };
  const node = kafka(t, 'secured', env);
  // Its tools are Java machines: a busy computer takes minutes.
  const options = { env: { ...process.env, ...env, COMPOSE_PROJECT_NAME: project }, timeout: 6 * MINUTE };
  const script = (name: string) => run(join(ROOT, 'deploy/kafka/secured', name), [], options);
  const as = (user: string, file = user) => ({
    KAFKA_BROKERS: 'kafka:9092',
    KAFKA_TLS_CA_FILE: '/secrets/ca.pem',
    KAFKA_SASL_MECHANISM: 'scram-sha-512',
    KAFKA_USERNAME: user,
    KAFKA_PASSWORD_FILE: `/secrets/users/${file}`,
  });
  await explained(node, async () => {
    await script('make-certificates');
    await start(node);
    await script('make-users');
    // The command line makes the topics, as its user may.
    assert.match(await node.use(as('cli'), 'open'), /^done$/m);
    assert.match(await node.use(as('ingest-watcher'), 'publish', '5'), /^done$/m);
    assert.match(await node.use(as('frame-splitter'), 'consume', '5'), /^done$/m);
    const [plain, stranger, writer, reader] = await Promise.all([
      node.use({ KAFKA_BROKERS: 'kafka:9092' }, 'open'),
      node.use(as('cli', 'assembler'), 'open'),
      node.use(as('filter-worker'), 'publish', '1'),
      node.use(as('assembler'), 'consume', '1'),
    ]);
    for (const answer of [plain, stranger, writer, reader]) assert.match(answer, /BUS_FAILED: /);
    t.diagnostic(`without TLS: ${plain}`);
    t.diagnostic(`wrong password: ${stranger}`);
    t.diagnostic(`a worker announcing a recording: ${writer}`);
    t.diagnostic(`an assembler taking recordings: ${reader}`);
  });
});
