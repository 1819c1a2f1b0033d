import { createHash } from 'node:crypto';
import {
  type EncodedMessage,
  encodeEvent,
  encodeRecording,
  type Kind,
  type RecordingStatus,
  recordingIdOf,
} from '@dailies/contracts';
import type { Finding, Session } from '@dailies/library';

/** A recording as the watcher knows it. */
export interface Found {
  readonly recordingId: string;
  readonly run: number;
  readonly path: string;
  readonly kind: Kind;
  readonly sizeBytes: number;
  readonly fingerprint: string;
  /** Of the meeting; left out for what was never opened. */
  readonly meeting?: FoundMeeting;
}

/** What is known of the meeting of a recording. */
export interface FoundMeeting extends Omit<Session, 'namedAtMs'> {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * When a recording was made: from the time in its name when there is one, which no copying changes, else from the time of
 * the file, which is that of its end. Pure.
 */
export function meetingFacts(session: Session, mtimeMs: number, durationMs: number): FoundMeeting {
  const { room, sessionId, meetingKey, namedAtMs } = session;
  const fromMs = Math.round(namedAtMs ?? mtimeMs - durationMs);
  return { room, sessionId, meetingKey, fromMs, toMs: Math.round(fromMs + durationMs) };
}

const at = (nowMs: number): string => new Date(nowMs).toISOString();

/** The optional fields of an event. */
function meetingFields({ meeting }: Found, meetingId: string | null) {
  if (!meeting) return {};
  const { room, sessionId, fromMs, toMs } = meeting;
  return {
    ...(room === null ? {} : { room }),
    ...(sessionId === null ? {} : { sessionId }),
    ...(meetingId === null ? {} : { meetingId, recordedFrom: at(fromMs), recordedTo: at(toMs) }),
  };
}

/** Work for the splitter and the event that tells of it: published together or not at all. */
export function foundMessages(
  found: Found,
  nowMs: number,
  meetingId: string | null = null,
  partition?: number,
): EncodedMessage[] {
  const { recordingId, run, path, kind, sizeBytes, fingerprint } = found;
  const facts = { v: 1, recordingId, run, path, kind, sizeBytes, fingerprint } as const;
  return [
    encodeRecording({ ...facts, type: 'recording', cut: 'copy', foundAt: at(nowMs) }, partition),
    encodeEvent({
      ...{ ...facts, type: 'found', at: at(nowMs), ...meetingFields(found, meetingId) },
      ...(partition === undefined ? {} : { partition }),
    }),
  ];
}

export function quarantinedMessage(
  found: Found,
  why: { code: string; reason: string },
  nowMs: number,
  meetingId: string | null = null,
): EncodedMessage {
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
    ...meetingFields(found, meetingId),
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

/** Ends of a recording whose file was not there, or not this one. */
const AWAY: ReadonlySet<string> = new Set(['RECORDING_GONE', 'RECORDING_CHANGED']);

/**
 * What to do about a file whose content was read. Pure.
 * `known` — it is in hand, or it has ended and only a replay runs it again; `new` — announce it as this recording.
 * @param known what the view has of this id; or else of this path, when it is of the same content
 * @param deniedId the id that the file was quarantined under while it could not be read
 * @param sameSinceWallMs since when the file is there as it is
 */
export function recognise(
  file: Omit<Found, 'recordingId' | 'run'>,
  known: RecordingStatus | undefined,
  deniedId: string | null,
  sameSinceWallMs: number,
): { is: 'known'; status: RecordingStatus } | { is: 'new'; found: Found } {
  if (known && known.state === 'quarantined' && known.code === 'PERMISSION_DENIED') {
    return { is: 'new', found: { ...file, recordingId: known.recordingId, run: known.run } };
  }
  // Its work was sent, and whoever sent it died before it could tell: until it is told, nobody knows it by its name.
  if (known && known.path === '')
    return { is: 'new', found: { ...file, recordingId: known.recordingId, run: known.run } };
  if (known?.state === 'failed' && AWAY.has(known.code ?? '') && cameAfter(known, sameSinceWallMs)) {
    // It was taken away or replaced while it was in hand, and somebody has put it back: that is a replay.
    return { is: 'new', found: { ...file, recordingId: known.recordingId, run: known.run + 1 } };
  }
  if (known) return { is: 'known', status: known };
  return {
    is: 'new',
    found: { ...file, recordingId: deniedId ?? recordingIdOf(file.path, file.sizeBytes, file.fingerprint), run: 0 },
  };
}

/** Whether a file was not there yet (or not any more) when its recording ended. */
export function cameAfter(status: RecordingStatus, sinceWallMs: number): boolean {
  return status.endedAt !== null && sinceWallMs > Date.parse(status.endedAt);
}
