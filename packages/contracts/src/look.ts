import { z } from 'zod';
import { DailiesError } from './errors.ts';

const channel = z.int().min(0).max(255);
const Rgb = z.tuple([channel, channel, channel]);
/** A chroma offset in 8-bit code values: [Cb, Cr]. */
const Chroma = z.tuple([z.number().min(-64).max(64), z.number().min(-64).max(64)]);

/**
 * A look: the steps of a grade, applied in the order in which they stand here; a step that is left out is off. The
 * definition of each is packages/grade/src/reference.ts.
 */
export const Look = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,40}$/, 'must be of lower-case letters, digits and dashes'),
  describe: z.string().max(200).optional(),
  /** 0 is nothing, 1 is the full S-curve t²(3−2t). */
  contrast: z.strictObject({ amount: z.number().min(0).max(1) }).optional(),
  /** Offsets of chroma that follow luma: (1−t)² of `shadows` and t² of `highlights`, then saturation around grey. */
  tealOrange: z.strictObject({ shadows: Chroma, highlights: Chroma, saturation: z.number().min(0).max(2) }).optional(),
  /** Mixes a colour over each half of the picture. */
  splitTint: z.strictObject({ alpha: z.number().min(0).max(1), left: Rgb, right: Rgb }).optional(),
  /** Darkens towards the edges; sigma in units of the width and of the height. */
  vignette: z.strictObject({ sigma: z.number().min(0.1).max(10), strength: z.number().min(0).max(1) }).optional(),
  /** Black bars at the top and at the bottom, each this share of the height. */
  bars: z.strictObject({ fraction: z.number().min(0).max(0.45) }).optional(),
});
export type Look = z.infer<typeof Look>;

/** @throws DailiesError LOOK_INVALID that names the parameter and what is wrong with it */
export function parseLook(value: unknown, from = 'The look'): Look {
  const result = Look.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join('.') || 'it'}: ${issue.message}`);
  throw new DailiesError('LOOK_INVALID', `${from} is not valid: ${problems.join('; ')}.`);
}
