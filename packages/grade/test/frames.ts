import { type Look, parseLook } from '@dailies/contracts';

/** Random numbers from 0 to 1, the same ones for the same seed (mulberry32, public domain). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const frameBytes = (width: number, height: number): number =>
  width * height + 2 * Math.ceil(width / 2) * Math.ceil(height / 2);

/** A frame of random bytes: every code value, also those outside limited range. */
export function randomFrame(width: number, height: number, seed: number): Uint8Array {
  const random = randomFrom(seed);
  const frame = new Uint8Array(frameBytes(width, height));
  for (let i = 0; i < frame.length; i++) frame[i] = random() * 256;
  return frame;
}

/** A frame of one colour. */
export function flatFrame(width: number, height: number, [y, cb, cr]: readonly [number, number, number]): Uint8Array {
  const frame = new Uint8Array(frameBytes(width, height)).fill(y, 0, width * height);
  const chroma = Math.ceil(width / 2) * Math.ceil(height / 2);
  frame.fill(cb, width * height, width * height + chroma);
  frame.fill(cr, width * height + chroma);
  return frame;
}

/** Any look at all; half of the steps are off. */
export function randomLook(seed: number): Look {
  const random = randomFrom(seed);
  const between = (low: number, high: number): number => low + (high - low) * random();
  const rgb = (): number[] => [0, 0, 0].map(() => Math.floor(random() * 256));
  const step = <T>(value: T): T | undefined => (random() < 0.5 ? value : undefined);
  const offsets = (): number[] => [between(-64, 64), between(-64, 64)];
  const steps = {
    contrast: step({ amount: between(0, 1) }),
    tealOrange: step({ shadows: offsets(), highlights: offsets(), saturation: between(0, 2) }),
    splitTint: step({ alpha: between(0, 1), left: rgb(), right: rgb() }),
    vignette: step({ sigma: between(0.1, 2), strength: between(0, 1) }),
    bars: step({ fraction: between(0, 0.45) }),
  };
  return parseLook(JSON.parse(JSON.stringify({ name: `random-${seed}`, ...steps })));
}

/** Looks at the ends of what parameters allow: where fixed point overflows if anywhere. */
export const EXTREME_LOOKS: readonly Look[] = [
  { name: 'full-contrast', contrast: { amount: 1 } },
  { name: 'grey', tealOrange: { shadows: [0, 0], highlights: [0, 0], saturation: 0 } },
  { name: 'most-teal', tealOrange: { shadows: [64, -64], highlights: [-64, 64], saturation: 2 } },
  { name: 'most-blue', tealOrange: { shadows: [64, 64], highlights: [64, 64], saturation: 2 } },
  { name: 'least-blue', tealOrange: { shadows: [-64, -64], highlights: [-64, -64], saturation: 2 } },
  { name: 'only-tint', splitTint: { alpha: 1, left: [0, 0, 255], right: [255, 255, 0] } },
  { name: 'white-tint', splitTint: { alpha: 1, left: [255, 255, 255], right: [0, 0, 0] } },
  { name: 'no-tint', splitTint: { alpha: 0, left: [255, 255, 255], right: [0, 0, 0] } },
  { name: 'spot', vignette: { sigma: 0.1, strength: 1 } },
  { name: 'half-vignette', vignette: { sigma: 10, strength: 0.5 } },
  { name: 'no-vignette', vignette: { sigma: 0.6, strength: 0 } },
  { name: 'slit', bars: { fraction: 0.45 } },
  {
    name: 'everything',
    contrast: { amount: 1 },
    tealOrange: { shadows: [64, -64], highlights: [64, -64], saturation: 2 },
    splitTint: { alpha: 0.01, left: [255, 0, 0], right: [0, 255, 0] },
    vignette: { sigma: 0.3, strength: 0.9 },
    bars: { fraction: 0.1 },
  },
].map((look) => parseLook(look));
