import { z } from 'zod';
import { Cut, Kind, RecordingId, RelativePath } from './recording.ts';

const base = { v: z.literal(1), recordingId: RecordingId, run: z.int().nonnegative(), at: z.iso.datetime() };
const batch = { cut: Cut, index: z.int().nonnegative() };

/** What is known of the meeting that a recording is of; all of it was written by others. */
const meeting = {
  /** Room of the meeting, as people know it. */
  room: z.string().max(400).optional(),
  /** Name of the folder that Jibri made for the session. */
  sessionId: z.string().max(400).optional(),
  /** The same for all parts of a meeting; see the watcher's meetings.ts. */
  meetingId: z.string().max(80).optional(),
  /** When the recording began and ended, on the clock of whoever named or wrote the file: only fit to be compared with others. */
  recordedFrom: z.iso.datetime().optional(),
  recordedTo: z.iso.datetime().optional(),
};

/** Everything that happens to a recording. Readers build their state from these and from nothing else. */
export const DailiesEvent = z.discriminatedUnion('type', [
  z.object({
    ...base,
    type: z.literal('found'),
    path: RelativePath,
    kind: Kind,
    sizeBytes: z.int().nonnegative(),
    fingerprint: z.string(),
    /** Partition of `recordings` that its message was put into; left out where that was left to its key. */
    partition: z.int().nonnegative().optional(),
    ...meeting,
  }),
  /** Splitting began. `frames` is known exactly for `copy`, and an estimate for `rekey`. */
  z.object({
    ...base,
    type: z.literal('splitting'),
    cut: Cut,
    frames: z.int().nonnegative(),
    durationMs: z.number().nonnegative(),
    look: z.string(),
    /** Names all settings that the batches of the run depend on: batches of different recipes do not make one film. */
    recipe: z.string().optional(),
    note: z.string().optional(),
  }),
  z.object({
    ...base,
    ...batch,
    type: z.literal('batch-sent'),
    frames: z.int().positive(),
    bytes: z.int().nonnegative(),
  }),
  z.object({
    ...base,
    ...batch,
    type: z.literal('batch-stored'),
    frames: z.int().positive(),
    bytes: z.int().nonnegative(),
    worker: z.string(),
    gradeMs: z.number().nonnegative(),
  }),
  z.object({
    ...base,
    type: z.literal('split-complete'),
    cut: Cut,
    batches: z.int().positive(),
    frames: z.int().positive(),
  }),
  z.object({ ...base, type: z.literal('assembling') }),
  /** A batch was given up. For FRAMES_MISMATCH of a `copy` run the splitter cuts again by decoding. */
  z.object({ ...base, ...batch, type: z.literal('batch-failed'), code: z.string(), reason: z.string() }),
  /** Something outside stands in the way (disk full, permission): work waits and goes on by itself. */
  z.object({ ...base, type: z.literal('waiting'), code: z.string(), reason: z.string() }),
  z.object({
    ...base,
    type: z.literal('finished'),
    film: z.string(),
    archived: z.string(),
    frames: z.int().positive(),
    durationMs: z.number().nonnegative(),
    filmBytes: z.int().nonnegative(),
  }),
  z.object({ ...base, type: z.literal('failed'), code: z.string(), reason: z.string() }),
  z.object({
    ...base,
    type: z.literal('quarantined'),
    path: RelativePath,
    kind: Kind,
    sizeBytes: z.int().nonnegative(),
    fingerprint: z.string(),
    code: z.string(),
    reason: z.string(),
    ...meeting,
  }),
  /** The archived original of a finished run was deleted by rule; its film is there. */
  z.object({
    ...base,
    type: z.literal('archive-removed'),
    archived: z.string(),
    sizeBytes: z.int().nonnegative(),
    because: z.enum(['age', 'space']),
  }),
]);
export type DailiesEvent = z.infer<typeof DailiesEvent>;
export type EventType = DailiesEvent['type'];
