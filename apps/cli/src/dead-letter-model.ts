import type { DeadLetter } from '@dailies/bus';
import {
  decodeFrameBatch,
  decodeGraded,
  decodeRecording,
  type RecordingStatus,
  TOPICS,
  toDailiesError,
  todoOf,
} from '@dailies/contracts';

/** One dead letter as `dailies dead-letters --json` shows it; what is not known is null. */
export interface DeadLetterEntry {
  readonly id: string | null;
  /** Of the recording; relative to the recordings folder. */
  readonly path: string | null;
  readonly kind: RecordingStatus['kind'] | null;
  readonly run: number | null;
  /** Index of the batch, when it is one. */
  readonly batch: number | null;
  /** `open`: its recording has no film; `replayed`: a later run is at work; `settled`: the recording has its film. */
  readonly state: 'open' | 'replayed' | 'settled';
  readonly code: string;
  readonly reason: string;
  readonly todo: string | null;
  readonly worker: string | null;
  readonly attempts: number;
  readonly at: string;
  readonly stderr: string | null;
  /** Where the record came from. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly group: string;
  readonly bytes: number;
}

/** Pure: a dead letter, and what is known of its recording. */
export function deadLetterEntry(
  letter: DeadLetter,
  statusOf: (recordingId: string) => RecordingStatus | undefined,
): DeadLetterEntry {
  const { record, code, reason, worker, attempts, at, stderr, partition, offset, group } = letter;
  const about = aboutOf(letter);
  const status = about === null ? undefined : statusOf(about.recordingId);
  const id = about?.recordingId ?? null;
  return {
    id,
    path: status?.path || null,
    kind: status?.kind ?? null,
    run: about?.run ?? null,
    batch: about?.batch ?? null,
    state: stateOf(about?.run ?? 0, status),
    code,
    reason,
    todo: id === null ? null : todoOf(code, id),
    worker,
    attempts,
    at,
    stderr,
    topic: record.topic,
    partition,
    offset,
    group,
    bytes: record.value.byteLength,
  };
}

function stateOf(run: number, status: RecordingStatus | undefined): DeadLetterEntry['state'] {
  if (status?.state === 'finished') return 'settled';
  return status !== undefined && status.run > run && status.endedAt === null ? 'replayed' : 'open';
}

/** The recording that a record is about; null when the record itself cannot be read, which may be why it is here. */
function aboutOf({ record }: DeadLetter): { recordingId: string; run: number; batch: number | null } | null {
  try {
    switch (record.topic) {
      case TOPICS.frameBatches: {
        const { recordingId, run, index } = decodeFrameBatch(record);
        return { recordingId, run, batch: index };
      }
      case TOPICS.graded: {
        const message = decodeGraded(record);
        return { recordingId: message.recordingId, run: message.run, batch: 'index' in message ? message.index : null };
      }
      case TOPICS.recordings: {
        const { recordingId, run } = decodeRecording(record);
        return { recordingId, run, batch: null };
      }
      default:
        return null;
    }
  } catch (thrown) {
    if (toDailiesError(thrown).code === 'MESSAGE_INVALID') return null;
    throw thrown;
  }
}
