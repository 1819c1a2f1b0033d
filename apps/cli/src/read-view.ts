import { existsSync, statSync } from 'node:fs';
import type { BusSettings } from '@dailies/bus';
import type { RecordingStatus } from '@dailies/contracts';
import { quote } from '@dailies/library';
import { followRecordings, type Logger } from '@dailies/service';
import type { OpenBus } from './command.ts';
import { refusal } from './report.ts';

/**
 * All recordings as the events tell, beside a process that may be at work. Opens the bus for reading alone.
 * @returns an empty list when there is no bus yet
 * @throws DailiesError CONFIG_INVALID when the recordings folder is not there; BUS_FAILED, PERMISSION_DENIED
 */
export async function readRecordings(
  settings: { recordingsDir: string } & BusSettings,
  openBus: OpenBus,
  log: Logger,
): Promise<RecordingStatus[]> {
  requireFolder(settings.recordingsDir);
  if (settings.kafkaBrokers === undefined && !existsSync(settings.busPath)) return [];
  const bus = await openBus(settings, { readOnly: true, log });
  try {
    const view = await followRecordings(bus, log, { follow: false });
    const all = view.all();
    await view.close();
    return all;
  } finally {
    await bus.close();
  }
}

/** @throws DailiesError CONFIG_INVALID when there is no such folder */
export function requireFolder(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  const what = found ? 'is no folder' : 'does not exist';
  throw refusal(`The recordings folder ${quote(path)} ${what}.`, 'Make it, or name another one with --recordings.');
}
