import { existsSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Bus, Lag } from '@dailies/bus';
import { GROUPS } from '@dailies/contracts';
import { explained, quote, remoteFileSystem } from '@dailies/library';
import { type Finding, fail, ok, warn } from './finding.ts';
import type { Check, DoctorInput } from './input.ts';
import { nearestFolder, withProbeFile } from './probe-file.ts';

/** The bus: its file and the disk below it, or the brokers. */
export const busCheck: Check = {
  name: 'bus',
  run: (input) => (input.config.kafkaBrokers === undefined ? embedded(input) : kafka(input)),
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

async function kafka(input: DoctorInput): Promise<Finding[]> {
  return [await asked(input, `Kafka at ${input.config.kafkaBrokers}`)];
}

/** Opens the bus and asks it where work waits. */
async function asked({ openBus, config }: DoctorInput, what: string): Promise<Finding> {
  let bus: Bus | null = null;
  try {
    bus = await openBus();
    return ok('bus', `${what}: ${lagText(await bus.lag())}`);
  } catch (thrown) {
    const todo =
      config.kafkaBrokers === undefined
        ? 'Do what the line says; a damaged file has to be moved away, and recordings are found again.'
        : 'Check KAFKA_BROKERS, the network and the broker’s advertised listeners; then user, password and rights.';
    return fail('bus', `${what}: ${explained(thrown, 'read', config.busPath).message}`, todo);
  } finally {
    await bus?.close();
  }
}

function lagText(lags: readonly Lag[]): string {
  const known: ReadonlySet<string> = new Set(Object.values(GROUPS));
  const ours = lags.filter(({ group }) => known.has(group));
  const waiting = ours.reduce((sum, lag) => sum + lag.waiting, 0);
  const inFlight = ours.reduce((sum, lag) => sum + lag.inFlight, 0);
  return `answers; ${waiting} records wait, ${inFlight} are in hand`;
}
