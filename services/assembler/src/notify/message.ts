import { type DailiesEvent, type RecordingStatus, todoOf } from '@dailies/contracts';

/** An event that ends a run of a recording. */
export type EndEvent = Extract<DailiesEvent, { type: 'finished' | 'failed' | 'quarantined' }>;

export function isEnd(event: DailiesEvent): event is EndEvent {
  return event.type === 'finished' || event.type === 'failed' || event.type === 'quarantined';
}

/**
 * What is told when a recording has ended; docs/webhook.md describes it. What is not known, or does not apply, is null.
 * Paths are relative to the recordings, the processed and the archived folder: those differ from machine to machine.
 */
export interface ReadyMessage {
  readonly v: 1;
  /** The same at each try: who has seen it before has seen this message before. */
  readonly id: string;
  readonly event: EndEvent['type'];
  readonly at: string;
  readonly recordingId: string;
  readonly run: number;
  readonly room: string | null;
  readonly sessionId: string | null;
  readonly meetingId: string | null;
  readonly recording: string | null;
  readonly film: string | null;
  readonly archived: string | null;
  readonly durationMs: number | null;
  readonly frames: number | null;
  readonly look: string | null;
  readonly code: string | null;
  readonly reason: string | null;
  readonly todo: string | null;
}

/** Pure. What belongs to the run comes from the event; the state may be of a later run by now, or not be known at all. */
export function readyMessage(event: EndEvent, status: RecordingStatus | undefined): ReadyMessage {
  const { recordingId, run, at, type } = event;
  const ofRun = status?.run === run ? status : undefined;
  const isFilm = type === 'finished';
  const told = isFilm ? undefined : event;
  return {
    v: 1,
    id: `${recordingId}:${run}:${type}`,
    event: type,
    at,
    recordingId,
    run,
    room: status?.room ?? null,
    sessionId: status?.sessionId ?? null,
    meetingId: status?.meetingId ?? null,
    recording: status?.path || (type === 'quarantined' ? event.path : null),
    film: isFilm ? event.film : null,
    archived: isFilm ? event.archived : null,
    durationMs: isFilm ? event.durationMs : (ofRun?.durationMs ?? null),
    frames: isFilm ? event.frames : null,
    look: ofRun?.look ?? null,
    code: told?.code ?? null,
    reason: told?.reason ?? null,
    todo: todoOf(told?.code ?? null, recordingId),
  };
}

/**
 * Ends that are older are history: a group that is new to a bus gets all of its events, and nobody wants to be told of a
 * year of films at once.
 */
const HISTORY_MS = 7 * 86_400_000;

export const isHistory = (event: EndEvent, nowMs: number): boolean => nowMs - Date.parse(event.at) > HISTORY_MS;

/** Whether the state says that the run has ended otherwise: then the event came late, and nobody is told of it. Pure. */
export function isOvertaken(event: EndEvent, status: RecordingStatus | undefined): boolean {
  if (!status || status.run !== event.run) return false;
  return status.endedAt !== null && status.state !== event.type;
}
