import { relative, resolve } from 'node:path';
import type { RecordingStatus } from '@dailies/contracts';
import { quote } from '@dailies/library';
import { refusal } from './report.ts';

/**
 * The recording that someone means by its id, the beginning of its id, or its path: as `status` tells it, or as the shell
 * completes it. Pure. Of several recordings under one path (its content changed) the newest is meant.
 * @param recordings in the order in which they were found
 * @param where the working directory and the recordings folder, absolute
 * @throws DailiesError CONFIG_INVALID when there is none, or several
 */
export function findRecording(
  recordings: readonly RecordingStatus[],
  wanted: string,
  where: { readonly cwd: string; readonly recordings: string },
): RecordingStatus {
  for (const path of [wanted.replace(/^\.\//, ''), relative(where.recordings, resolve(where.cwd, wanted))]) {
    const byPath = recordings.findLast((status) => status.path === path);
    if (byPath) return byPath;
  }
  const byId = /^[0-9a-f]+$/.test(wanted) ? recordings.filter((status) => status.recordingId.startsWith(wanted)) : [];
  if (byId.length > 1) {
    const list = byId.map((status) => `${status.recordingId} (${quote(status.path)})`).join(', ');
    throw refusal(`The id ${wanted} is the beginning of ${byId.length} recordings: ${list}.`, 'Give more of the id.');
  }
  if (byId[0]) return byId[0];
  throw refusal(
    `No recording has the id or the path ${quote(wanted)}.`,
    '`dailies status` lists the recordings with their ids.',
  );
}
