import { z } from 'zod';
import { DailiesError } from './errors.ts';

/** Every parameter of a look, declared once: the schema below and the listing of `dailies looks` come from here. */
export const LOOK_PARAMETERS = {
  'contrast.amount': { min: 0, max: 1, describe: 'strength of the S-curve; black, mid grey and white stay' },
  'tealOrange.shadows': {
    min: -64,
    max: 64,
    describe: '[Cb, Cr] added to dark colours, in 8-bit code values; teal is [+, −]',
  },
  'tealOrange.highlights': { min: -64, max: 64, describe: '[Cb, Cr] added to light colours; orange is [−, +]' },
  'tealOrange.saturation': { min: 0, max: 2, describe: 'gain around grey; 1 leaves it' },
  'splitTint.alpha': { min: 0, max: 1, describe: 'share of the tint; 0 is none, 1 only tint' },
  'splitTint.left': { min: 0, max: 255, describe: '[red, green, blue] mixed over the left half' },
  'splitTint.right': { min: 0, max: 255, describe: '[red, green, blue] mixed over the right half' },
  'vignette.sigma': { min: 0.1, max: 10, describe: 'width of the bright middle, in widths and heights of the picture' },
  'vignette.strength': { min: 0, max: 1, describe: 'how much of the vignette is mixed in' },
  'bars.fraction': { min: 0, max: 0.45, describe: 'height of each black bar, as a share of the picture' },
} as const;
type Parameter = keyof typeof LOOK_PARAMETERS;

function number(name: Parameter) {
  const { min, max } = LOOK_PARAMETERS[name];
  const error = `must be a number from ${min} to ${max}`;
  return z.number(error).min(min, error).max(max, error);
}

function colour(name: Parameter) {
  const { min, max } = LOOK_PARAMETERS[name];
  const error = `must be a whole number from ${min} to ${max}`;
  const channel = z.int(error).min(min, error).max(max, error);
  return z.tuple([channel, channel, channel], 'must be [red, green, blue]');
}

function chroma(name: Parameter) {
  return z.tuple([number(name), number(name)], 'must be [Cb, Cr]');
}

function step<T extends z.core.$ZodShape>(shape: T) {
  const has = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `does not know ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}; there are: ${has}`
        : `must be an object with ${has}`,
  });
}

/**
 * A look: the steps of a grade, applied in the order in which they stand here; a step that is left out is off. The
 * definition of each is packages/grade/src/reference.ts.
 */
export const Look = step({
  name: z
    .string('must be a text')
    .regex(/^[a-z0-9][a-z0-9-]{0,40}$/, 'must be 1 to 41 lower-case letters, digits and dashes'),
  describe: z.string('must be a text').max(200, 'must have at most 200 characters').optional(),
  contrast: step({ amount: number('contrast.amount') }).optional(),
  tealOrange: step({
    shadows: chroma('tealOrange.shadows'),
    highlights: chroma('tealOrange.highlights'),
    saturation: number('tealOrange.saturation'),
  }).optional(),
  splitTint: step({
    alpha: number('splitTint.alpha'),
    left: colour('splitTint.left'),
    right: colour('splitTint.right'),
  }).optional(),
  vignette: step({ sigma: number('vignette.sigma'), strength: number('vignette.strength') }).optional(),
  bars: step({ fraction: number('bars.fraction') }).optional(),
});
export type Look = z.infer<typeof Look>;

/**
 * @param from what the look is called in an error: a file, for example
 * @throws DailiesError LOOK_INVALID that names each wrong parameter, its range, and what it is
 */
export function parseLook(value: unknown, from = 'The look'): Look {
  const result = Look.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => {
    const is =
      issue.code === 'unrecognized_keys'
        ? ''
        : issue.input === undefined
          ? ' and is missing'
          : `, not ${shown(issue.input)}`;
    return `${issue.path.join('.') || 'it'} ${issue.message}${is}`;
  });
  throw new DailiesError('LOOK_INVALID', `${from} is not valid: ${problems.join('; ')}.`);
}

function shown(input: unknown): string {
  const text = typeof input === 'number' ? String(input) : (JSON.stringify(input) ?? typeof input);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
