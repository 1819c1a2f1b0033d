import type { RecordingStatus } from '@dailies/contracts';
import type { RecordingsReader } from '@dailies/service';

/** One recording of a meeting: which meeting, by the URL alone, and when. Times are of one clock per Jibri, ms. */
export interface Part {
  readonly recordingId: string;
  readonly meetingKey: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** A part whose meeting has been decided. */
export interface DecidedPart extends Omit<Part, 'meetingKey'> {
  readonly meetingId: string;
}

/**
 * The id of the meeting that a part belongs to: that of a part of the same URL which ended or begins at most `gapMs` from
 * it (the earliest such part, should there be several), or a new one, made from the URL and its own begin. Once told it
 * stays, whatever is found later. Pure.
 */
export function meetingIdOf(part: Part, others: readonly DecidedPart[], gapMs: number): string {
  const near = others.filter(
    ({ meetingId, fromMs, toMs }) =>
      meetingId.startsWith(`${part.meetingKey}-`) && part.fromMs - toMs <= gapMs && fromMs - part.toMs <= gapMs,
  );
  const [first] = near.toSorted((a, b) => a.fromMs - b.fromMs);
  return first?.meetingId ?? `${part.meetingKey}-${compact(part.fromMs)}`;
}

/** `20260801T100000`. */
function compact(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, '');
}

/** Gives recordings their meeting. What is known comes from the events; what they do not show yet is remembered here. */
export function createMeetings(view: Pick<RecordingsReader, 'get' | 'all'>, gapMs: number): (part: Part) => string {
  const unseen = new Map<string, DecidedPart>();
  return (part) => {
    const known = view.get(part.recordingId)?.meetingId;
    if (known) return known;
    for (const id of unseen.keys()) if (view.get(id)?.meetingId) unseen.delete(id);
    const meetingId = meetingIdOf(part, [...view.all().flatMap(partOf), ...unseen.values()], gapMs);
    const { recordingId, fromMs, toMs } = part;
    unseen.set(recordingId, { recordingId, meetingId, fromMs, toMs });
    return meetingId;
  };
}

function partOf({ recordingId, meetingId, recordedFrom, recordedTo }: RecordingStatus): DecidedPart[] {
  if (meetingId === null || recordedFrom === null || recordedTo === null) return [];
  return [{ recordingId, meetingId, fromMs: Date.parse(recordedFrom), toMs: Date.parse(recordedTo) }];
}
