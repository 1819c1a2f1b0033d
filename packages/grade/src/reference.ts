import type { Look } from '@dailies/contracts';
import { type Pixel, pixelOf, rgbOf } from './colour.ts';

/**
 * What a look does, in plain floating point, one pixel after another: the definition. The kernel has to meet it to within
 * one code value on every sample. A result depends on a pixel and its place, and on nothing else.
 */

/** Where a pixel is: its centre, in pixels from the upper left corner (the first one is at 0.5, 0.5), and the picture's size. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** t ← t + k·(s(t) − t) with s(t) = t²(3 − 2t): keeps 0, ½ and 1. */
export function contrast(t: number, amount: number): number {
  return t + amount * (t * t * (3 - 2 * t) - t);
}

/** Chroma moves by (1−t)² of the shadows' offset and t² of the highlights', then away from grey. `t` is luma after contrast. */
export function tealOrange(
  { t, b, r }: Pixel,
  { shadows, highlights, saturation }: NonNullable<Look['tealOrange']>,
): Pixel {
  const dark = (1 - t) ** 2;
  const light = t ** 2;
  return {
    t,
    b: (b + dark * shadows[0] + light * highlights[0]) * saturation,
    r: (r + dark * shadows[1] + light * highlights[1]) * saturation,
  };
}

/** out = (1−a)·in + a·C, with one colour left of the middle and another right of it. */
export function splitTint(
  { t, b, r }: Pixel,
  { alpha, left, right }: NonNullable<Look['splitTint']>,
  { x, width }: Place,
): Pixel {
  const colour = pixelOf(x < width / 2 ? left : right);
  return {
    t: (1 - alpha) * t + alpha * colour.t,
    b: (1 - alpha) * b + alpha * colour.b,
    r: (1 - alpha) * r + alpha * colour.r,
  };
}

/** How much the vignette lets through along one axis: exp(−d²/2σ²), d the distance from the middle as a share of the size. */
export function falloff(at: number, size: number, sigma: number): number {
  return Math.exp(-((at / size - 0.5) ** 2) / (2 * sigma ** 2));
}

/** Multiplies by m = (1−s) + s·falloff(x)·falloff(y): towards black, not towards another colour. */
export function vignette(
  { t, b, r }: Pixel,
  { sigma, strength }: NonNullable<Look['vignette']>,
  { x, y, width, height }: Place,
): Pixel {
  const m = 1 - strength + strength * falloff(x, width, sigma) * falloff(y, height, sigma);
  return { t: t * m, b: b * m, r: r * m };
}

/**
 * The rows between the bars, half open. A bar is `fraction` of the height, rounded to the next even number, and the lower
 * one counts from the height rounded up to even, so that no row of chroma is half in a bar.
 */
export function rowsBetweenBars(look: Look, height: number): { from: number; to: number } {
  const bar = 2 * Math.round(((look.bars?.fraction ?? 0) * height) / 2);
  return { from: bar, to: Math.max(bar, 2 * Math.ceil(height / 2) - bar) };
}

/**
 * The rows of a picture that a grade has to see, half open and from an even row: those between the bars. All of them when
 * the bars leave none, for a frame has to have rows.
 */
export function gradedRows(look: Look, height: number): { from: number; to: number } {
  const { from, to } = rowsBetweenBars(look, height);
  return to > from ? { from, to: Math.min(to, height) } : { from: 0, to: height };
}

/** Whether a look does anything to the rows between the bars. */
export function changesColour(look: Look): boolean {
  return Boolean(look.contrast || look.tealOrange || look.splitTint || look.vignette);
}

/** True when a look changes nothing at all. */
export function isIdentity(look: Look): boolean {
  return !changesColour(look) && !look.bars;
}

/**
 * Grades one pixel that is not in a bar. Luma is clipped to black and white first, as a display does it; a look of bars
 * alone leaves it.
 */
export function gradePixel(look: Look, pixel: Pixel, place: Place): Pixel {
  if (!changesColour(look)) return pixel;
  let out: Pixel = { t: clip(pixel.t, 0, 1), b: pixel.b, r: pixel.r };
  if (look.contrast) out = { ...out, t: contrast(out.t, look.contrast.amount) };
  if (look.tealOrange) out = tealOrange(out, look.tealOrange);
  if (look.splitTint) out = splitTint(out, look.splitTint, place);
  if (look.vignette) out = vignette(out, look.vignette, place);
  return out;
}

/**
 * Grades a frame: 8-bit limited-range I420, tightly packed (Y of `width`×`height`, then Cb and Cr of
 * ⌈width/2⌉×⌈height/2⌉). A sample of chroma is graded as the pixel in the middle of its four pixels, with the mean of
 * their luma, each clipped; where the frame ends within the four, its last column or row stands for the missing one.
 * Results are rounded to the nearest code value, halves upwards.
 */
export function gradeReference(frame: Uint8Array, width: number, height: number, look: Look): Uint8Array {
  const out = Uint8Array.from(frame);
  const chromaWidth = Math.ceil(width / 2);
  const chromaHeight = Math.ceil(height / 2);
  const cb = width * height;
  const cr = cb + chromaWidth * chromaHeight;
  const { from, to } = rowsBetweenBars(look, height);
  const at = (i: number): number => frame[i] as number;
  const t = (x: number, y: number): number => (at(Math.min(y, height - 1) * width + Math.min(x, width - 1)) - 16) / 219;
  const clipped = (x: number, y: number): number => clip(t(x, y), 0, 1);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const graded =
        y < from || y >= to
          ? 0
          : gradePixel(look, { t: t(x, y), b: 0, r: 0 }, { x: x + 0.5, y: y + 0.5, width, height }).t;
      out[y * width + x] = code(16 + 219 * graded);
    }
  }
  for (let y = 0; y < chromaHeight; y++) {
    for (let x = 0; x < chromaWidth; x++) {
      const i = y * chromaWidth + x;
      const inBar = 2 * y < from || 2 * y >= to;
      const mean =
        (clipped(2 * x, 2 * y) +
          clipped(2 * x + 1, 2 * y) +
          clipped(2 * x, 2 * y + 1) +
          clipped(2 * x + 1, 2 * y + 1)) /
        4;
      const pixel = { t: mean, b: at(cb + i) - 128, r: at(cr + i) - 128 };
      const graded = inBar ? { b: 0, r: 0 } : gradePixel(look, pixel, { x: 2 * x + 1, y: 2 * y + 1, width, height });
      out[cb + i] = code(128 + graded.b);
      out[cr + i] = code(128 + graded.r);
    }
  }
  return out;
}

/**
 * Grades interleaved RGB or RGBA in place, with the same mathematics on every pixel (4:4:4). Alpha is left.
 * @param pixels samples from 0 to `white`: 255, or 65535 of 16-bit images
 */
export function gradeRgb(
  pixels: Uint8Array | Uint16Array,
  size: { width: number; height: number; channels: 3 | 4; white: 255 | 65535 },
  look: Look,
): void {
  const { width, height, channels, white } = size;
  const scale = white / 255;
  const sample = (i: number): number => (pixels[i] as number) / scale;
  const { from, to } = rowsBetweenBars(look, height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += channels) {
      const pixel = pixelOf([sample(i), sample(i + 1), sample(i + 2)]);
      const graded = y < from || y >= to ? BLACK : gradePixel(look, pixel, { x: x + 0.5, y: y + 0.5, width, height });
      const [red, green, blue] = rgbOf(graded);
      pixels[i] = clip(Math.round(red * scale), 0, white);
      pixels[i + 1] = clip(Math.round(green * scale), 0, white);
      pixels[i + 2] = clip(Math.round(blue * scale), 0, white);
    }
  }
}

const BLACK: Pixel = { t: 0, b: 0, r: 0 };

const clip = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
const code = (value: number): number => clip(Math.round(value), 0, 255);
