import { existsSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Bus, Lag, TopicState } from '@dailies/bus';
import { GROUPS } from '@dailies/contracts';
import { explained, quote, remoteFileSystem } from '@dailies/library';
import { type Finding, fail, ok, warn } from './finding.ts';
import type { Check, DoctorInput } from './input.ts';
import { nearestFolder, withProbeFile } from './probe-file.ts';

/** The bus: its file and the disk below it, or the brokers. */
export const busCheck: Check = {
  name: 'bus',
  run: (input) => {
    const { kafkaBrokers } = input.config;
    return kafkaBrokers === undefined ? embedded(input) : kafka(input, kafkaBrokers);
  },
};

async function embedded(input: DoctorInput): Promise<Finding[]> {
  const { busPath } = input.config;
  const findings: Finding[] = [];
  const folder = await nearestFolder(dirname(busPath));
  const remote = await remoteFileSystem(folder);
  if (remote === 'FUSE')
    findings.push(
      warn(
        'bus',
        `${quote(busPath)} is on a FUSE file system; not all of them keep the locks that the bus needs.`,
        'Put the bus on a local disk: BUS_PATH=/var/lib/dailies/bus.sqlite',
      ),
    );
  else if (remote)
    findings.push(
      fail(
        'bus',
        `${quote(busPath)} is on ${remote}, whose locks cannot be trusted: the bus may be damaged.`,
        'Put the bus on a local disk: BUS_PATH=/var/lib/dailies/bus.sqlite; or use Kafka.',
      ),
    );
  try {
    await withProbeFile(folder, async () => undefined);
    if (existsSync(busPath)) await access(busPath, constants.R_OK | constants.W_OK);
  } catch (thrown) {
    return [
      ...findings,
      fail('bus', explained(thrown, 'write', existsSync(busPath) ? busPath : folder).message, 'Do what the line says.'),
    ];
  }
  if (!existsSync(busPath)) return [...findings, ok('bus', `embedded; ${quote(busPath)} is made at the first start`)];
  return [...findings, await asked(input, `embedded, ${quote(busPath)}`)];
}

async function kafka(input: DoctorInput, brokers: string): Promise<Finding[]> {
  const what = `Kafka at ${brokers}`;
  let states: readonly TopicState[];
  try {
    states = await input.kafkaTopics(brokers);
  } catch (thrown) {
    return [unreachable(input, what, thrown)];
  }
  const topics = states.flatMap((state) => topicFindings(state, input.config.kafkaCreateTopics));
  const missing = states.some(({ partitions }) => partitions === 0);
  // A bus whose topics do not serve is not opened.
  if (missing || topics.some(({ level }) => level === 'fail')) return [ok('bus', `${what} answers`), ...topics];
  return [
    await asked(input, what),
    ...(topics.length > 0 ? topics : [ok('topics', `all ${states.length} are as they should be`)]),
  ];
}

/** What is wrong with a topic, or could be better. Pure. */
export function topicFindings({ name, partitions, problems, notes }: TopicState, made: boolean): Finding[] {
  if (partitions === 0)
    return made
      ? [ok('topics', `${name} is made at the first start`)]
      : [fail('topics', `${name} does not exist, and KAFKA_CREATE_TOPICS is off.`, 'dailies topics --create')];
  const todo = 'Change it with kafka-configs.sh or kafka-topics.sh; `dailies topics` shows all settings.';
  return [
    ...problems.map((problem) => fail('topics', `${name}: ${problem}`, todo)),
    ...notes.map((note) => warn('topics', `${name}: ${note}`, todo)),
  ];
}

/** Opens the bus and asks it where work waits. */
async function asked(input: DoctorInput, what: string): Promise<Finding> {
  let bus: Bus | null = null;
  try {
    bus = await input.openBus();
    return ok('bus', `${what}: ${lagText(await bus.lag())}`);
  } catch (thrown) {
    return unreachable(input, what, thrown);
  } finally {
    await bus?.close();
  }
}

function unreachable({ config }: DoctorInput, what: string, thrown: unknown): Finding {
  const todo =
    config.kafkaBrokers === undefined
      ? 'Do what the line says; a damaged file has to be moved away, and recordings are found again.'
      : 'Check KAFKA_BROKERS, the network and the broker’s advertised listeners; then user, password and rights.';
  return fail('bus', `${what}: ${explained(thrown, 'read', config.busPath).message}`, todo);
}

function lagText(lags: readonly Lag[]): string {
  // Events wait for the notifier whenever nothing runs; that is no work.
  const known: ReadonlySet<string> = new Set([GROUPS.splitter, GROUPS.worker, GROUPS.assembler]);
  const ours = lags.filter(({ group }) => known.has(group));
  const waiting = ours.reduce((sum, lag) => sum + lag.waiting, 0);
  const inFlight = ours.reduce((sum, lag) => sum + lag.inFlight, 0);
  return `answers; ${waiting} records wait, ${inFlight} are in hand`;
}
