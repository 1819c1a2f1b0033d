import { existsSync, statSync } from 'node:fs';
import type { Bus, BusSettings } from '@dailies/bus';
import { type HostState, type RecordingStatus, toDailiesError, type WorkerState } from '@dailies/contracts';
import { quote } from '@dailies/library';
import { followHosts, followRecordings, type Logger } from '@dailies/service';
import type { OpenBus } from './command.ts';
import { refusal } from './report.ts';

/** What the bus tells of recordings and of hosts. */
export interface Told {
  readonly recordings: RecordingStatus[];
  /** Hosts on which a meeting is being recorded now. */
  readonly recording: HostState[];
  /** Workers that make room for that. */
  readonly slowed: WorkerState[];
}

/**
 * Opens the bus for reading alone, beside processes that may be at work, for as long as `read` takes.
 * @param none what is returned when there is no embedded bus yet
 * @throws DailiesError CONFIG_INVALID when the recordings folder is not there (Kafka needs none); BUS_FAILED, PERMISSION_DENIED
 */
export async function withBus<T>(
  settings: { recordingsDir: string } & BusSettings,
  openBus: OpenBus,
  log: Logger,
  none: T,
  read: (bus: Bus) => Promise<T>,
): Promise<T> {
  if (settings.kafkaBrokers === undefined) {
    requireFolder(settings.recordingsDir);
    if (!existsSync(settings.busPath)) return none;
  }
  const bus = await openBus(settings, { readOnly: true, log });
  try {
    return await read(bus);
  } finally {
    await bus.close();
  }
}

/** All that is told; nothing of each when there is no bus yet. See `withBus`. */
export function readTold(
  settings: { recordingsDir: string } & BusSettings,
  openBus: OpenBus,
  log: Logger,
  now: number,
): Promise<Told> {
  return withBus<Told>(settings, openBus, log, { recordings: [], recording: [], slowed: [] }, async (bus) => {
    const view = await followRecordings(bus, log, { follow: false });
    return { recordings: view.all(), ...(await readHosts(bus, log, now)) };
  });
}

/** A bus of an older version knows nothing of hosts, which is no reason to show nothing at all. */
async function readHosts(bus: Bus, log: Logger, now: number): Promise<Pick<Told, 'recording' | 'slowed'>> {
  try {
    const hosts = await followHosts(bus, log, { follow: false });
    const told = { recording: hosts.allRecording(now), slowed: hosts.slowed(now) };
    await hosts.close();
    return told;
  } catch (error) {
    log.debug({ err: toDailiesError(error) }, 'nothing can be read of hosts');
    return { recording: [], slowed: [] };
  }
}

/** The recordings alone; see `readTold`. */
export async function readRecordings(
  settings: { recordingsDir: string } & BusSettings,
  openBus: OpenBus,
  log: Logger,
): Promise<RecordingStatus[]> {
  return (await readTold(settings, openBus, log, 0)).recordings;
}

/** @throws DailiesError CONFIG_INVALID when there is no such folder */
export function requireFolder(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  const what = found ? 'is no folder' : 'does not exist';
  throw refusal(`The recordings folder ${quote(path)} ${what}.`, 'Make it, or name another one with --recordings.');
}
