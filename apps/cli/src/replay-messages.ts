import {
  DailiesError,
  type EncodedMessage,
  encodeEvent,
  encodeRecording,
  isFinal,
  type RecordingStatus,
} from '@dailies/contracts';
import { quote } from '@dailies/library';

/** What a look at the file of a recording gives; null when it is not there. */
export type FileNow = { readonly sizeBytes: number; readonly fingerprint: string } | null;

/**
 * The messages that send a recording through the pipeline once more. Pure.
 * @param archivedAt where its original was moved to, when it was
 * @throws DailiesError CONFIG_INVALID while it is being processed; RECORDING_GONE, RECORDING_CHANGED
 */
export function replayMessages(
  status: RecordingStatus,
  file: FileNow,
  archivedAt: string | null,
  now: number,
): EncodedMessage[] {
  const { recordingId, path, kind, sizeBytes, fingerprint } = status;
  const name = quote(path);
  if (!isFinal(status.state)) {
    throw new DailiesError(
      'CONFIG_INVALID',
      `${name} is being processed (${status.state}), so there is nothing to replay.`,
    );
  }
  if (!file) {
    const where =
      archivedAt === null
        ? 'Put it back first.'
        : `It is archived; put it back first: mv -n ${quote(archivedAt)} to ${name} in the recordings folder.`;
    throw new DailiesError('RECORDING_GONE', `${name} is not in the recordings folder any more. ${where}`);
  }
  if (file.sizeBytes !== sizeBytes || file.fingerprint !== fingerprint) {
    throw new DailiesError(
      'RECORDING_CHANGED',
      `${name} has another content than recording ${recordingId}. The new content is a recording of its own and is found by itself.`,
    );
  }
  const at = new Date(now).toISOString();
  const run = status.run + 1;
  const content = { recordingId, run, path, kind, sizeBytes, fingerprint };
  return [
    encodeEvent({ v: 1, type: 'found', at, ...content }),
    encodeRecording({ v: 1, type: 'recording', cut: 'copy', foundAt: at, ...content }),
  ];
}
