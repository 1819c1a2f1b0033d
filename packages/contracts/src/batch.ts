import { z } from 'zod';
import { Look } from './look.ts';
import { Cut, Kind, RecordingId, RelativePath } from './recording.ts';

export const Rational = z.object({ num: z.int().positive(), den: z.int().positive() });
export type Rational = z.infer<typeof Rational>;

/** What the encoder is told. It travels with each batch: all batches of a film must be encoded alike, whatever worker has them. */
export const EncodeSettings = z.object({
  preset: z.enum(['ultrafast', 'superfast', 'veryfast', 'faster', 'fast', 'medium', 'slow', 'slower', 'veryslow']),
  /** Constant rate factor of x264, 0–51. Ignored when lossless. */
  crf: z.number().min(0).max(51),
  lossless: z.boolean(),
});
export type EncodeSettings = z.infer<typeof EncodeSettings>;

/** Colour tags as ffmpeg names them; null where the recording does not say. Never relabelled. */
export const ColorTags = z.object({
  range: z.string().nullable(),
  space: z.string().nullable(),
  primaries: z.string().nullable(),
  transfer: z.string().nullable(),
});
export type ColorTags = z.infer<typeof ColorTags>;

/** The picture of a recording: coded size before rotation, and the even size of the film after rotation and padding. */
export const Picture = z.object({
  codec: z.string(),
  width: z.int().positive(),
  height: z.int().positive(),
  pixelFormat: z.string(),
  /** Clockwise turn, in degrees, that brings the coded picture upright. */
  rotation: z.union([z.literal(0), z.literal(90), z.literal(180), z.literal(270)]),
  /** Whether it is shown mirrored, left for right, after that turn. Older messages do not say. */
  mirror: z.boolean().default(false),
  /** Sample aspect ratio of the coded picture; 1:1 when unknown. */
  sampleAspect: Rational,
  /**
   * Whole frames per second, on average, rounded up. The encoder derives its level from it; a guess of its own would
   * differ between batches when frame distances vary.
   */
  frameRate: z.int().positive(),
  color: ColorTags,
  filmWidth: z.int().positive().multipleOf(2),
  filmHeight: z.int().positive().multipleOf(2),
});
export type Picture = z.infer<typeof Picture>;

/** Strictly ascending integers, sent as the first value and the differences. */
const Ascending = z.array(z.int()).min(1);

const BatchId = {
  v: z.literal(1),
  recordingId: RecordingId,
  run: z.int().nonnegative(),
  cut: Cut,
  /** Position of the batch in its recording, from 0. */
  index: z.int().nonnegative(),
};

/**
 * Manifest of a frame batch: the truth about time. PTS are ticks of `timeBase`; the keep window is
 * `[pts[0], endPts)` and `pts` names each frame that the worker has to deliver, in the order of presentation.
 * Packets of frames outside it are in the payload only because others need them.
 */
export const VideoBatch = z.object({
  ...BatchId,
  type: z.literal('video-batch'),
  timeBase: Rational,
  /** PTS of the frames to keep, delta coded: the first one, then differences (all > 0). */
  ptsDeltas: Ascending,
  /** PTS + duration of the last frame: where the next batch begins, or where the film ends. */
  endPts: z.int(),
  /** What the payload's PTS (which NUT wants to be non-negative) lack to those of the manifest. */
  basePts: z.int(),
  picture: Picture,
  look: Look,
  encode: EncodeSettings,
  sha256: z.string(),
});
export type VideoBatch = z.infer<typeof VideoBatch>;

/** An image, whole. */
export const ImageBatch = z.object({
  ...BatchId,
  type: z.literal('image-batch'),
  format: z.enum(['jpeg', 'png', 'webp']),
  look: Look,
  sha256: z.string(),
});
export type ImageBatch = z.infer<typeof ImageBatch>;

export const FrameBatch = z.discriminatedUnion('type', [VideoBatch, ImageBatch]);
export type FrameBatch = z.infer<typeof FrameBatch>;

/**
 * A graded batch: fMP4 (init segment and fragments) whose samples are exactly the frames of the manifest; or an image. One
 * that no message could carry travels in parts: messages with the same manifest but for `part`, each with a slice of it.
 */
export const GradedBatch = z.object({
  ...BatchId,
  type: z.literal('graded-batch'),
  kind: Kind,
  /** As in the frame batch; an image has [0] and endPts 1. */
  ptsDeltas: Ascending,
  endPts: z.int(),
  worker: z.string(),
  gradeMs: z.number().nonnegative(),
  /** Of the whole batch. */
  sha256: z.string(),
  /** Which part the payload is, from 0. */
  part: z.int().nonnegative().default(0),
  /** How many parts there are. */
  parts: z.int().positive().default(1),
});
export type GradedBatch = z.infer<typeof GradedBatch>;

/** All batches of a run have been sent. With it the assembler knows when it has everything. */
export const SplitComplete = z.object({
  v: z.literal(1),
  type: z.literal('split-complete'),
  recordingId: RecordingId,
  run: z.int().nonnegative(),
  cut: Cut,
  kind: Kind,
  path: RelativePath,
  sizeBytes: z.int().nonnegative(),
  fingerprint: z.string(),
  look: z.string(),
  batches: z.int().positive(),
  frames: z.int().positive(),
  timeBase: Rational,
  /** Null for images. */
  picture: Picture.nullable(),
});
export type SplitComplete = z.infer<typeof SplitComplete>;

/** A batch was given up; its bytes are in the dead letters. */
export const BatchFailed = z.object({
  ...BatchId,
  type: z.literal('batch-failed'),
  code: z.string(),
  reason: z.string(),
  worker: z.string(),
});
export type BatchFailed = z.infer<typeof BatchFailed>;

export const GradedMessage = z.discriminatedUnion('type', [GradedBatch, SplitComplete, BatchFailed]);
export type GradedMessage = z.infer<typeof GradedMessage>;

/** `[a, b, c]` → `[a, b − a, c − b]`. */
export function toDeltas(values: readonly number[]): number[] {
  return values.map((value, i) => (i === 0 ? value : value - (values[i - 1] as number)));
}

/** The inverse of `toDeltas`. */
export function fromDeltas(deltas: readonly number[]): number[] {
  let sum = 0;
  return deltas.map((delta) => (sum += delta));
}
