import type { DailiesEvent } from './events.ts';
import type { Cut, Kind, State } from './recording.ts';

/** What is known of one recording, built from its events and nothing else. */
export interface RecordingStatus {
  readonly recordingId: string;
  path: string;
  kind: Kind;
  sizeBytes: number;
  fingerprint: string;
  /** Partition of `recordings` that its message was put into; null where that was left to its key. */
  partition: number | null;
  state: State;
  run: number;
  cut: Cut;
  look: string | null;
  /** What the run's first batches were made by; see the event `splitting`. */
  recipe: string | null;
  /** Frames of the film; null until the splitter has counted them. */
  frames: number | null;
  durationMs: number | null;
  /** Batches of the current run and cut by index → frames. */
  readonly sent: Map<number, number>;
  readonly stored: Map<number, number>;
  storedFrames: number;
  /** Number of batches; null until the split is complete. */
  batches: number | null;
  /** A batch of this cut did not decode to what its packets promised: the recording is to be cut again by decoding. */
  cutAgain: boolean;
  /** Why it failed, was quarantined or waits. */
  code: string | null;
  reason: string | null;
  /** The last run that finished; -1 when none has. */
  finishedRun: number;
  film: string | null;
  archived: string | null;
  /** When the archived original was deleted by rule; null when it was not. */
  archiveRemovedAt: string | null;
  filmBytes: number | null;
  /** Of the meeting; see the `found` event. */
  room: string | null;
  sessionId: string | null;
  meetingId: string | null;
  recordedFrom: string | null;
  recordedTo: string | null;
  foundAt: string;
  splittingAt: string | null;
  endedAt: string | null;
  updatedAt: string;
}

export type RecordingsView = Map<string, RecordingStatus>;

function blank(event: DailiesEvent): RecordingStatus {
  return {
    recordingId: event.recordingId,
    path: '',
    kind: 'video',
    sizeBytes: 0,
    fingerprint: '',
    partition: null,
    state: 'found',
    run: event.run,
    cut: 'copy',
    look: null,
    recipe: null,
    frames: null,
    durationMs: null,
    sent: new Map(),
    stored: new Map(),
    storedFrames: 0,
    batches: null,
    cutAgain: false,
    code: null,
    reason: null,
    finishedRun: -1,
    film: null,
    archived: null,
    archiveRemovedAt: null,
    filmBytes: null,
    room: null,
    sessionId: null,
    meetingId: null,
    recordedFrom: null,
    recordedTo: null,
    foundAt: event.at,
    splittingAt: null,
    endedAt: null,
    updatedAt: event.at,
  };
}

/** A new run, or a new way to cut, starts counting again. */
function restart(status: RecordingStatus, cut: Cut): void {
  status.cut = cut;
  status.sent.clear();
  status.stored.clear();
  status.storedFrames = 0;
  status.batches = null;
  status.cutAgain = false;
  status.frames = null;
  status.recipe = null;
}

/** A replay says nothing of the meeting: what was known stays. */
function keepMeeting(status: RecordingStatus, event: Extract<DailiesEvent, { type: 'found' | 'quarantined' }>): void {
  status.room = event.room ?? status.room;
  status.sessionId = event.sessionId ?? status.sessionId;
  status.meetingId = event.meetingId ?? status.meetingId;
  status.recordedFrom = event.recordedFrom ?? status.recordedFrom;
  status.recordedTo = event.recordedTo ?? status.recordedTo;
}

function clearReason(status: RecordingStatus): void {
  status.code = null;
  status.reason = null;
}

/** True for the three states that only a replay leaves. */
export function isFinal(state: State): boolean {
  return state === 'finished' || state === 'failed' || state === 'quarantined';
}

/** Share of the work that is done, 0 to 1: stored frames of all frames; 1 only when finished. */
export function progressOf(status: RecordingStatus): number {
  if (status.state === 'finished') return 1;
  if (!status.frames) return 0;
  return Math.min(0.999, status.storedFrames / status.frames);
}

/**
 * Adds one event to the view. Events come in order per recording, each at least once: applying one twice changes
 * nothing, and those of an older run or of an abandoned way to cut are ignored.
 */
export function applyEvent(view: RecordingsView, event: DailiesEvent): RecordingStatus {
  let status = view.get(event.recordingId);
  if (!status) {
    status = blank(event);
    view.set(event.recordingId, status);
  }
  // The run before was ended already when this one was begun (`replay --force`). Its original is archived, so this one has
  // nothing to work on, and may have failed by now for that.
  const isLate = event.run < status.run && event.type === 'finished' && event.run > status.finishedRun;
  if (event.run < status.run && !isLate) return status;
  const newRun = event.run > status.run;
  if (event.type === 'archive-removed') {
    // Told after the end, about the end: the state stays.
    if (!newRun) status.archiveRemovedAt = event.at;
    return status;
  }
  // A recording that has ended stays ended until a replay gives it a new run, except that quarantine ends with `found`.
  if (!newRun && !isLate && isFinal(status.state) && !(status.state === 'quarantined' && event.type === 'found'))
    return status;
  if (newRun) {
    status.run = event.run;
    restart(status, 'copy');
    clearReason(status);
    status.state = 'found';
    status.splittingAt = null;
    status.endedAt = null;
  }
  status.updatedAt = event.at;
  switch (event.type) {
    case 'found':
      Object.assign(status, {
        path: event.path,
        kind: event.kind,
        sizeBytes: event.sizeBytes,
        fingerprint: event.fingerprint,
        partition: event.partition ?? null,
      });
      keepMeeting(status, event);
      if (status.state === 'quarantined') {
        status.state = 'found';
        status.endedAt = null;
        clearReason(status);
      }
      return status;
    case 'splitting':
      // A run that is cut by decoding stays so: this one comes from a process that was frozen meanwhile.
      if (status.cut === 'rekey' && event.cut === 'copy') return status;
      if (status.cut !== event.cut) restart(status, event.cut);
      if (status.state === 'found') status.state = 'splitting';
      status.splittingAt ??= event.at;
      status.frames = event.frames;
      status.durationMs = event.durationMs;
      // The first one counts: batches by it may be stored.
      if (status.recipe === null) status.look = event.look;
      status.recipe ??= event.recipe ?? null;
      clearReason(status);
      return status;
    case 'batch-sent':
      if (event.cut !== status.cut) return status;
      status.sent.set(event.index, event.frames);
      return status;
    case 'batch-stored':
      // Told again by a delivery that was tried again: what it waits for is no less true for that.
      if (event.cut !== status.cut || status.stored.has(event.index)) return status;
      clearReason(status);
      status.state = status.state === 'assembling' ? 'assembling' : 'grading';
      status.storedFrames += event.frames;
      status.stored.set(event.index, event.frames);
      return status;
    case 'split-complete':
      if (event.cut !== status.cut) return status;
      status.batches = event.batches;
      status.frames = event.frames;
      return status;
    case 'assembling':
      if (status.state === 'assembling') return status;
      status.state = 'assembling';
      clearReason(status);
      return status;
    case 'batch-failed':
      if (event.cut !== status.cut) return status;
      status.cutAgain = event.code === 'FRAMES_MISMATCH' && event.cut === 'copy';
      status.code = event.code;
      status.reason = event.reason;
      return status;
    case 'waiting':
      status.code = event.code;
      status.reason = event.reason;
      return status;
    case 'finished':
      status.state = 'finished';
      status.finishedRun = event.run;
      status.archiveRemovedAt = null;
      Object.assign(status, {
        film: event.film,
        archived: event.archived,
        frames: event.frames,
        durationMs: event.durationMs,
        filmBytes: event.filmBytes,
      });
      clearReason(status);
      break;
    case 'failed':
      status.state = 'failed';
      status.code = event.code;
      status.reason = event.reason;
      break;
    case 'quarantined':
      status.state = 'quarantined';
      Object.assign(status, {
        path: event.path,
        kind: event.kind,
        sizeBytes: event.sizeBytes,
        fingerprint: event.fingerprint,
        code: event.code,
        reason: event.reason,
      });
      keepMeeting(status, event);
      break;
  }
  status.endedAt = event.at;
  // The per-batch maps have served: a view over many finished recordings stays small.
  status.sent.clear();
  status.stored.clear();
  return status;
}
