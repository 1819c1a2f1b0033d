import type { Look } from '@dailies/contracts';

/**
 * What a look does, in plain floating point, one sample after another: the definition that the kernel has to meet to
 * within one code value.
 *
 * A picture is limited-range 8-bit Y'CbCr (BT.709): t = (Y' − 16) / 219 is luma from 0 to 1, b = Cb − 128 and
 * r = Cr − 128 are chroma around 0. When a step that touches luma is on, luma outside 16…235 is clamped first.
 */
export interface Pixel {
  t: number;
  b: number;
  r: number;
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/** t ← t + k·(s(t) − t) with s(t) = t²(3 − 2t): keeps 0, ½ and 1. */
export function contrast(look: Look, t: number): number {
  const k = look.contrast?.amount ?? 0;
  return t + k * (t * t * (3 - 2 * t) - t);
}

/** BT.709 colour of an RGB triple (0–255), as t, b, r. */
export function tbrOf([red, green, blue]: readonly [number, number, number]): Pixel {
  const [R, G, B] = [red / 255, green / 255, blue / 255];
  const t = 0.2126 * R + 0.7152 * G + 0.0722 * B;
  return { t, b: (224 * (B - t)) / 1.8556, r: (224 * (R - t)) / 1.5748 };
}

/** The inverse of `tbrOf`: RGB from 0 to 255, not rounded. */
export function rgbOf({ t, b, r }: Pixel): [number, number, number] {
  const red = t + (1.5748 * r) / 224;
  const blue = t + (1.8556 * b) / 224;
  const green = (t - 0.2126 * red - 0.0722 * blue) / 0.7152;
  return [red * 255, green * 255, blue * 255];
}

/** m = (1 − s) + s·exp(−dx²/2σ²)·exp(−dy²/2σ²), distances from the middle in units of the width and the height. */
export function vignette(look: Look, x: number, y: number, width: number, height: number): number {
  if (!look.vignette) return 1;
  const { sigma, strength } = look.vignette;
  const fall = (at: number, size: number): number => Math.exp(-(((at + 0.5) / size - 0.5) ** 2) / (2 * sigma ** 2));
  return 1 - strength + strength * fall(x, width) * fall(y, height);
}

/** Rows of each bar: a share of the height, rounded to an even number so that chroma rows are whole. */
export function barRows(look: Look, height: number): number {
  return 2 * Math.round(((look.bars?.fraction ?? 0) * height) / 2);
}

/** Luma of one pixel after contrast, tint and vignette; `t` is clamped to 0…1 by the caller. */
export function gradeLuma(look: Look, t: number, x: number, y: number, width: number, height: number): number {
  let out = contrast(look, t);
  if (look.splitTint) out = (1 - look.splitTint.alpha) * out + look.splitTint.alpha * tbrOf(2 * x < width ? look.splitTint.left : look.splitTint.right).t;
  return out * vignette(look, x, y, width, height);
}

/**
 * Chroma after teal and orange, tint and vignette. Its weights come from luma after contrast. `x`, `y` may be between
 * pixels: a chroma sample of 4:2:0 is in the middle of its four pixels.
 */
export function gradeChroma(look: Look, pixel: Pixel, x: number, y: number, width: number, height: number): { b: number; r: number } {
  let { b, r } = pixel;
  if (look.tealOrange) {
    const { shadows, highlights, saturation } = look.tealOrange;
    const t = contrast(look, pixel.t);
    const mix = (c: number, i: 0 | 1): number => clamp((c + (1 - t) ** 2 * shadows[i] + t ** 2 * highlights[i]) * saturation, -128, 127);
    b = mix(b, 0);
    r = mix(r, 1);
  }
  if (look.splitTint) {
    const { alpha, left, right } = look.splitTint;
    const colour = tbrOf(2 * Math.floor(x) < width ? left : right);
    b = (1 - alpha) * b + alpha * colour.b;
    r = (1 - alpha) * r + alpha * colour.r;
  }
  const m = vignette(look, x, y, width, height);
  return { b: b * m, r: r * m };
}

const code = (value: number): number => clamp(Math.floor(value + 0.5), 0, 255);

/**
 * Grades a frame: I420, tightly packed (Y `width`×`height`, then Cb and Cr of ⌈width/2⌉×⌈height/2⌉).
 * Chroma weights come from the mean of the luma of its four pixels (at odd edges the last one counts twice), rounded to a
 * code value before anything else.
 */
export function gradeReference(frame: Uint8Array, width: number, height: number, look: Look): Uint8Array {
  const out = Uint8Array.from(frame);
  const cw = Math.ceil(width / 2);
  const ch = Math.ceil(height / 2);
  const bar = barRows(look, height);
  const inBar = (y: number): boolean => y < bar || y >= height - bar;
  const touchesLuma = Boolean(look.contrast || look.splitTint || look.vignette);
  const touchesChroma = Boolean(look.tealOrange || look.splitTint || look.vignette);
  const luma = (x: number, y: number): number => frame[Math.min(y, height - 1) * width + Math.min(x, width - 1)] as number;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (inBar(y)) out[y * width + x] = 16;
      else if (touchesLuma) out[y * width + x] = code(16 + 219 * gradeLuma(look, clamp((luma(x, y) - 16) / 219, 0, 1), x, y, width, height));
    }
  }
  const cb = width * height;
  const cr = cb + cw * ch;
  for (let y = 0; y < ch; y++) {
    for (let x = 0; x < cw; x++) {
      const i = y * cw + x;
      if (inBar(2 * y)) {
        out[cb + i] = 128;
        out[cr + i] = 128;
      } else if (touchesChroma) {
        const mean = (luma(2 * x, 2 * y) + luma(2 * x + 1, 2 * y) + luma(2 * x, 2 * y + 1) + luma(2 * x + 1, 2 * y + 1) + 2) >> 2;
        const pixel = { t: clamp((mean - 16) / 219, 0, 1), b: (frame[cb + i] as number) - 128, r: (frame[cr + i] as number) - 128 };
        const { b, r } = gradeChroma(look, pixel, 2 * x + 0.5, 2 * y + 0.5, width, height);
        out[cb + i] = code(128 + b);
        out[cr + i] = code(128 + r);
      }
    }
  }
  return out;
}
