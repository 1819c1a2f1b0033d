import { z } from 'zod';

/** The states of a recording, in the order of its life; the last three are final until a replay. */
export const STATES = ['found', 'splitting', 'grading', 'assembling', 'finished', 'failed', 'quarantined'] as const;
export const State = z.enum(STATES);
export type State = z.infer<typeof State>;

export const KINDS = ['video', 'image'] as const;
export const Kind = z.enum(KINDS);
export type Kind = z.infer<typeof Kind>;

/** How the batches of a run were cut: `copy` at the keyframes of the recording, `rekey` after decoding and re-encoding it. */
export const CUTS = ['copy', 'rekey'] as const;
export const Cut = z.enum(CUTS);
export type Cut = z.infer<typeof Cut>;

export const RecordingId = z.string().regex(/^[0-9a-f]{16}$/);

/** A path relative to the recordings folder, `/` separated; it never leaves that folder. */
export const RelativePath = z
  .string()
  .min(1)
  .refine(
    (path) => !path.startsWith('/') && !path.split('/').some((part) => part === '..' || part === '.' || part === ''),
    {
      message: 'must be a relative path inside the recordings folder',
    },
  )
  .refine((path) => !path.includes('\0'), { message: 'must not hold a NUL byte' });

const VERSION = z.literal(1);

/** Topic `recordings`: process this file. */
export const RecordingMessage = z.object({
  v: VERSION,
  type: z.literal('recording'),
  recordingId: RecordingId,
  /** 0 at first; each replay adds one, so that its batches are told from those of the failed run. */
  run: z.int().nonnegative(),
  /** `copy` at first; the assembler asks for `rekey` when a batch did not decode to the frames that its packets promised. */
  cut: Cut,
  kind: Kind,
  path: RelativePath,
  sizeBytes: z.int().nonnegative(),
  /** See library's fingerprint: SHA-256 over the first and last 64 KiB. */
  fingerprint: z.string(),
  foundAt: z.iso.datetime(),
});
export type RecordingMessage = z.infer<typeof RecordingMessage>;
