import { type EncodedMessage, encodeEvent, encodeRecording } from './codec.ts';
import type { RecordingStatus } from './view.ts';

/** The messages that send a recording through the pipeline from its beginning, as its next run. Pure. */
export function nextRunMessages(
  status: Pick<RecordingStatus, 'recordingId' | 'run' | 'path' | 'kind' | 'sizeBytes' | 'fingerprint' | 'partition'>,
  at: string,
): EncodedMessage[] {
  const { recordingId, path, kind, sizeBytes, fingerprint, partition } = status;
  const content = { recordingId, run: status.run + 1, path, kind, sizeBytes, fingerprint };
  // A run follows another one in the same place: so the two are never split at once. The work first: Kafka takes them one
  // after the other, and a run that is told of and that nobody works on never ends.
  return [
    encodeRecording({ v: 1, type: 'recording', cut: 'copy', foundAt: at, ...content }, partition ?? undefined),
    encodeEvent({ v: 1, type: 'found', at, ...content, ...(partition === null ? {} : { partition }) }),
  ];
}
