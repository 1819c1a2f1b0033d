import { isAbsolute, join, relative, sep } from 'node:path';
import { progressOf, type RecordingStatus, todoOf } from '@dailies/contracts';

/** Where films and originals go, absolute. */
export interface Folders {
  readonly recordings: string;
  readonly processed: string;
  readonly archived: string;
}

/** One recording as `dailies status --json` shows it. Times are ISO 8601 in UTC; what is not known (yet) is null. */
export interface StatusEntry {
  readonly id: string;
  /** Relative to the recordings folder. */
  readonly path: string;
  readonly kind: string;
  readonly state: string;
  /** 0 to 1; 1 only when it is finished. */
  readonly progress: number;
  /** Why it failed, was quarantined or waits. */
  readonly code: string | null;
  readonly reason: string | null;
  /** What to do about it. */
  readonly todo: string | null;
  /** Relative to the recordings folder when inside it, else absolute. */
  readonly film: string | null;
  readonly archived: string | null;
  /** When the archived original was deleted by rule; `archived` tells where it was. */
  readonly archiveRemovedAt: string | null;
  /** Of the meeting: its room, Jibri's session, and the id that all its parts have in common. */
  readonly room: string | null;
  readonly sessionId: string | null;
  readonly meetingId: string | null;
  readonly look: string | null;
  /** 0 at first; each replay adds one. */
  readonly run: number;
  readonly frames: number | null;
  readonly durationMs: number | null;
  readonly sizeBytes: number;
  readonly filmBytes: number | null;
  readonly foundAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly updatedAt: string;
}

/** Pure: the events' view and the folders, nothing else. */
export function statusEntry(status: RecordingStatus, folders: Folders): StatusEntry {
  return {
    id: status.recordingId,
    path: status.path,
    kind: status.kind,
    state: status.state,
    progress: progressOf(status),
    code: status.code,
    reason: status.reason,
    todo: todoOf(status.code, status.recordingId),
    film: status.film === null ? null : shownPath(folders.recordings, join(folders.processed, status.film)),
    archived: status.archived === null ? null : shownPath(folders.recordings, join(folders.archived, status.archived)),
    archiveRemovedAt: status.archiveRemovedAt,
    room: status.room,
    sessionId: status.sessionId,
    meetingId: status.meetingId,
    look: status.look,
    run: status.run,
    frames: status.frames,
    durationMs: status.durationMs,
    sizeBytes: status.sizeBytes,
    filmBytes: status.filmBytes,
    foundAt: status.foundAt,
    startedAt: status.splittingAt,
    endedAt: status.endedAt,
    updatedAt: status.updatedAt,
  };
}

/** An absolute path, relative to the root and `/` separated when it is inside. */
export function shownPath(root: string, file: string): string {
  const way = relative(root, file);
  const isInside = way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
  return isInside ? way.split(sep).join('/') : file;
}
