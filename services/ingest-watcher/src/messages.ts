import { createHash } from 'node:crypto';
import {
  type EncodedMessage,
  encodeEvent,
  encodeRecording,
  type Kind,
  type RecordingStatus,
  recordingIdOf,
} from '@dailies/contracts';
import type { Finding } from '@dailies/library';

/** A recording as the watcher knows it. */
export interface Found {
  readonly recordingId: string;
  readonly run: number;
  readonly path: string;
  readonly kind: Kind;
  readonly sizeBytes: number;
  readonly fingerprint: string;
}

const at = (nowMs: number): string => new Date(nowMs).toISOString();

/** Work for the splitter and the event that tells of it: published together or not at all. */
export function foundMessages(found: Found, nowMs: number): EncodedMessage[] {
  const { recordingId, run, path, kind, sizeBytes, fingerprint } = found;
  const facts = { v: 1, recordingId, run, path, kind, sizeBytes, fingerprint } as const;
  return [
    encodeRecording({ ...facts, type: 'recording', cut: 'copy', foundAt: at(nowMs) }),
    encodeEvent({ ...facts, type: 'found', at: at(nowMs) }),
  ];
}

export function quarantinedMessage(found: Found, why: { code: string; reason: string }, nowMs: number): EncodedMessage {
  const { recordingId, run, path, kind, sizeBytes, fingerprint } = found;
  const { code, reason } = why;
  return encodeEvent({
    v: 1,
    type: 'quarantined',
    recordingId,
    run,
    at: at(nowMs),
    path,
    kind,
    sizeBytes,
    fingerprint,
    code,
    reason,
  });
}

/** Stands for the fingerprint of a file whose bytes we may not read. */
export const UNREADABLE = 'unreadable';

/** Its id comes from path and size alone; it keeps it when it becomes readable. */
export function unreadable(path: string, kind: Kind, sizeBytes: number): Found {
  return {
    recordingId: recordingIdOf(path, sizeBytes, UNREADABLE),
    run: 0,
    path,
    kind,
    sizeBytes,
    fingerprint: UNREADABLE,
  };
}

/** A symbolic link or the like: never opened, so its mark stands for the content. */
export function ofFinding({ path, kind, mark }: Finding): Found {
  const fingerprint = createHash('sha256').update(mark).digest('hex');
  return { recordingId: recordingIdOf(path, 0, fingerprint), run: 0, path, kind, sizeBytes: 0, fingerprint };
}

/**
 * What to do about a file whose content was read. Pure.
 * `known` — it is in hand, or it has ended and only a replay runs it again; `new` — announce it as this recording.
 * @param known what the view has of this id; or else of this path, when it is of the same content
 * @param deniedId the id that the file was quarantined under while it could not be read
 * @param seenSinceWallMs since when the file is there
 */
export function recognise(
  file: Omit<Found, 'recordingId' | 'run'>,
  known: RecordingStatus | undefined,
  deniedId: string | null,
  seenSinceWallMs: number,
): { is: 'known'; status: RecordingStatus } | { is: 'new'; found: Found } {
  if (known && known.state === 'quarantined' && known.code === 'PERMISSION_DENIED') {
    return { is: 'new', found: { ...file, recordingId: known.recordingId, run: known.run } };
  }
  if (known && known.state === 'failed' && known.code === 'RECORDING_GONE' && cameAfter(known, seenSinceWallMs)) {
    // It was taken away while it was in hand, and somebody has put it back: that is a replay.
    return { is: 'new', found: { ...file, recordingId: known.recordingId, run: known.run + 1 } };
  }
  if (known) return { is: 'known', status: known };
  return {
    is: 'new',
    found: { ...file, recordingId: deniedId ?? recordingIdOf(file.path, file.sizeBytes, file.fingerprint), run: 0 },
  };
}

/** Whether a file was not there yet (or not any more) when its recording ended. */
export function cameAfter(status: RecordingStatus, seenSinceWallMs: number): boolean {
  return status.endedAt !== null && seenSinceWallMs > Date.parse(status.endedAt);
}
