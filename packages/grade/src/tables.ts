import type { Look } from '@dailies/contracts';
import * as layout from '../kernel/layout.ts';
import { pixelOf } from './colour.ts';
import { falloff } from './reference.ts';

/** What the kernel reads: constants of the look, and what depends on the column or on the row alone. Forms: kernel/layout.ts. */
export interface KernelTables {
  readonly look: Int16Array;
  readonly columns: Int16Array;
  readonly rows: Int16Array;
}

/** Black to white in Q7; what the kernel calls ±28032 is mid grey ± this. */
const WHITE = 219 * 128;
/** Luma after contrast minus ½, as the kernel's Q15 factor: τ·WHITE/32768. */
const TONE = WHITE / 32768;
const BLOCK = 16;

/** The largest factor is 32767/32768: a step that is off multiplies by it, and rounding hides that. */
const q15 = (value: number): number => Math.min(32767, Math.round(value * 32768));

/** Computes the tables for one look and size, in floating point; the kernel has no mathematics but products and sums. */
export function kernelTables(look: Look, width: number, height: number): KernelTables {
  return { look: lookTable(look), columns: columnTable(look, width), rows: rowTable(look, height) };
}

function lookTable(look: Look): Int16Array {
  const k = look.contrast?.amount ?? 0;
  const keep = 1 - (look.splitTint?.alpha ?? 0);
  const { shadows, highlights, saturation } = look.tealOrange ?? { shadows: [0, 0], highlights: [0, 0], saturation: 1 };
  // With v = t − ½ the contrast is ½ + v·(1 + k/2 − 2k·v²). The kernel has V = 256·219·v = 2·WHITE·v, and wants WHITE·v·(…).
  const slope = (1 + k / 2) / 2;
  const curve = k * (32768 / (2 * WHITE)) ** 2;
  // S·(1−t)² + H·t² with τ = t − ½: (S+H)/4 + (H−S)·τ + (S+H)·τ², in Q7. The kernel has τ·WHITE.
  const offset = (shadow: number, highlight: number): number[] => [
    32 * (shadow + highlight),
    (128 * (highlight - shadow)) / TONE,
    (128 * (shadow + highlight)) / TONE ** 2,
  ];
  const table = new Int16Array(layout.LOOK_BYTES / 2);
  const set = (at: number, values: number[]): void => table.set(values.map(Math.round), at / 2);
  set(layout.LUMA_SLOPE, [q15(keep * slope), q15(keep * curve)]);
  set(layout.TONE_SLOPE, [q15(slope), q15(curve)]);
  set(layout.CB_OFFSET, offset(shadows[0], highlights[0]));
  set(layout.CR_OFFSET, offset(shadows[1], highlights[1]));
  set(layout.GAIN, [q15((saturation * keep) / 2)]);
  set(layout.THROUGH, [32767 - vignetteFactor(look, 1)]);
  return table;
}

/** strength · falloff, so that with THROUGH it never exceeds the largest factor. */
function vignetteFactor(look: Look, fall: number): number {
  return look.vignette ? Math.round(look.vignette.strength * fall * 32767) : 0;
}

function columnTable(look: Look, width: number): Int16Array {
  const blocks = Math.ceil(width / BLOCK);
  const table = new Int16Array((blocks * layout.COLUMN_BYTES) / 2);
  const { alpha, left, right } = look.splitTint ?? { alpha: 0, left: [0, 0, 0] as const, right: [0, 0, 0] as const };
  const tints = { left: pixelOf(left), right: pixelOf(right) };
  const fall = (at: number): number => (look.vignette ? q15(falloff(at, width, look.vignette.sigma)) : 0);
  for (let x = 0; x < blocks * BLOCK; x++) {
    const at = (Math.floor(x / BLOCK) * layout.COLUMN_BYTES) / 2 + (x % BLOCK);
    const colour = x + 0.5 < width / 2 ? tints.left : tints.right;
    // Mid grey is what the tint leaves of it.
    table[at + layout.TINT / 2] = Math.round(WHITE * ((1 - alpha) / 2 + alpha * colour.t));
    table[at + layout.FALLOFF / 2] = fall(x + 0.5);
  }
  for (let x = 0; x < (blocks * BLOCK) / 2; x++) {
    const at = (Math.floor(x / 8) * layout.COLUMN_BYTES) / 2 + (x % 8);
    const colour = 2 * x + 1 < width / 2 ? tints.left : tints.right;
    table[at + layout.CHROMA_FALLOFF / 2] = fall(2 * x + 1);
    table[at + layout.CB_TINT / 2] = Math.round(64 * alpha * colour.b);
    table[at + layout.CR_TINT / 2] = Math.round(64 * alpha * colour.r);
  }
  return table;
}

function rowTable(look: Look, height: number): Int16Array {
  const pairs = Math.ceil(height / 2);
  const table = new Int16Array((pairs * layout.ROW_BYTES) / 2);
  const fall = (at: number): number =>
    vignetteFactor(look, look.vignette ? falloff(at, height, look.vignette.sigma) : 0);
  for (let pair = 0; pair < pairs; pair++) {
    const at = (pair * layout.ROW_BYTES) / 2;
    // The last row of an odd height is graded twice, in place: alike both times.
    const lower = Math.min(2 * pair + 1, height - 1);
    table[at + layout.UPPER / 2] = fall(2 * pair + 0.5);
    table[at + layout.LOWER / 2] = fall(lower + 0.5);
    table[at + layout.CHROMA / 2] = fall(2 * pair + 1);
  }
  return table;
}
