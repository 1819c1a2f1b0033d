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
 * All that is told, beside a process that may be at work. Opens the bus for reading alone.
 * @returns nothing of each when there is no bus yet
 * @throws DailiesError CONFIG_INVALID when the recordings folder is not there; BUS_FAILED, PERMISSION_DENIED
 */
export async function readTold(
  settings: { recordingsDir: string } & BusSettings,
  openBus: OpenBus,
  log: Logger,
  now: number,
): Promise<Told> {
  requireFolder(settings.recordingsDir);
  if (settings.kafkaBrokers === undefined && !existsSync(settings.busPath))
    return { recordings: [], recording: [], slowed: [] };
  const bus = await openBus(settings, { readOnly: true, log });
  try {
    const view = await followRecordings(bus, log, { follow: false });
    const recordings = view.all();
    await view.close();
    return { recordings, ...(await readHosts(bus, log, now)) };
  } finally {
    await bus.close();
  }
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
