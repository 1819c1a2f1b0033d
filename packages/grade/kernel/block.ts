import {
  CB_OFFSET,
  CB_TINT,
  CHROMA,
  CHROMA_FALLOFF,
  COLUMN_BYTES,
  CR_OFFSET,
  CR_TINT,
  FALLOFF,
  GAIN,
  LOWER,
  LUMA_CURVE,
  LUMA_SLOPE,
  THROUGH,
  TINT,
  TONE_CURVE,
  TONE_SLOPE,
  UPPER,
} from './layout';

/**
 * Rounding Q15 product. The relaxed instruction is one of the processor where the strict one takes three on x86; they
 * differ for −1·−1 alone, and no factor here is −1. So the two builds of the kernel agree to the bit.
 */
// @ts-ignore: a decorator of AssemblyScript
@inline
function mul(a: v128, b: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? i16x8.relaxed_q15mulr_s(a, b) : i16x8.q15mulr_sat_s(a, b);
}

/** The distance of luma from mid grey (125.5), times 256: ±28032 for black and white. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function fromGrey(code: v128): v128 {
  return i16x8.sub(code, i16x8.splat(32128));
}

/**
 * Contrast, as an odd polynomial around mid grey: with v = t − ½, s(t) − t = v/2 − 2v³. One Q15 product of `v` (times 256)
 * and half the slope gives code values in Q7.
 */
// @ts-ignore: a decorator of AssemblyScript
@inline
function tone(v: v128, slope: v128, curve: v128): v128 {
  return mul(v, i16x8.sub(slope, mul(mul(v, v), curve)));
}

/** Eight samples of luma (code·256) to graded code values. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function luma(code: v128, slope: v128, curve: v128, tint: v128, m: v128): v128 {
  const graded = mul(i16x8.add(tone(fromGrey(code), slope, curve), tint), m);
  // Black and one half in Q7: rounds once, here.
  return i16x8.shr_s(i16x8.add(graded, i16x8.splat(16 * 128 + 64)), 7);
}

/** Eight samples of one plane of chroma, in place; `x` is luma after contrast, around mid grey, in Q7. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function chroma(at: usize, x: v128, c0: v128, c1: v128, c2: v128, gain: v128, tint: v128, m: v128): void {
  const code = i8x16.shuffle(i64x2.splat(0), v128.load64_zero(at), 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const c = i16x8.shr_s(i16x8.sub(code, i16x8.splat(-32768)), 1);
  const offset = i16x8.add(c0, mul(x, i16x8.add(c1, mul(x, c2))));
  // From Q7 to Q6 here, because saturation can double what is ±192 already.
  const graded = mul(i16x8.add(mul(i16x8.add(c, offset), gain), tint), m);
  const codes = i16x8.shr_s(i16x8.add(graded, i16x8.splat(128 * 64 + 32)), 6);
  v128.store64_lane(at, i8x16.narrow_i16x8_u(codes, codes), 0);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function clipped(at: usize): v128 {
  // 235 as a signed byte is −21.
  return i8x16.min_u(i8x16.max_u(v128.load(at), i8x16.splat(16)), i8x16.splat(-21));
}

/**
 * Two rows of luma and their row of chroma, in place, `blocks` times 16 columns. `lower` may be `upper`, with the same
 * falloff in the row's record: the last row of an odd height stands for the one that is missing.
 */
export function gradeRows(upper: usize, lower: usize, cb: usize, cr: usize, blocks: i32, look: usize, column: usize, row: usize): void {
  const slope = v128.load16_splat(look, LUMA_SLOPE);
  const curve = v128.load16_splat(look, LUMA_CURVE);
  const toneSlope = v128.load16_splat(look, TONE_SLOPE);
  const toneCurve = v128.load16_splat(look, TONE_CURVE);
  const b0 = v128.load16_splat(look, CB_OFFSET);
  const b1 = v128.load16_splat(look, CB_OFFSET + 2);
  const b2 = v128.load16_splat(look, CB_OFFSET + 4);
  const r0 = v128.load16_splat(look, CR_OFFSET);
  const r1 = v128.load16_splat(look, CR_OFFSET + 2);
  const r2 = v128.load16_splat(look, CR_OFFSET + 4);
  const gain = v128.load16_splat(look, GAIN);
  const through = v128.load16_splat(look, THROUGH);
  const upperRow = v128.load16_splat(row, UPPER);
  const lowerRow = v128.load16_splat(row, LOWER);
  const chromaRow = v128.load16_splat(row, CHROMA);
  const zero = i64x2.splat(0);
  const end = upper + (blocks << 4);
  while (upper < end) {
    const a = clipped(upper);
    const b = clipped(lower);

    const sums = i16x8.add(i16x8.extadd_pairwise_i8x16_u(a), i16x8.extadd_pairwise_i8x16_u(b));
    const x = tone(fromGrey(i16x8.shl(sums, 6)), toneSlope, toneCurve);
    const m = i16x8.add(mul(v128.load(column, CHROMA_FALLOFF), chromaRow), through);
    chroma(cb, x, b0, b1, b2, gain, v128.load(column, CB_TINT), m);
    chroma(cr, x, r0, r1, r2, gain, v128.load(column, CR_TINT), m);

    const fall0 = v128.load(column, FALLOFF);
    const fall1 = v128.load(column, FALLOFF + 16);
    const tint0 = v128.load(column, TINT);
    const tint1 = v128.load(column, TINT + 16);
    const a0 = i8x16.shuffle(zero, a, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const a1 = i8x16.shuffle(zero, a, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    const upper0 = luma(a0, slope, curve, tint0, i16x8.add(mul(fall0, upperRow), through));
    const upper1 = luma(a1, slope, curve, tint1, i16x8.add(mul(fall1, upperRow), through));
    v128.store(upper, i8x16.narrow_i16x8_u(upper0, upper1));
    const c0 = i8x16.shuffle(zero, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const c1 = i8x16.shuffle(zero, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    const lower0 = luma(c0, slope, curve, tint0, i16x8.add(mul(fall0, lowerRow), through));
    const lower1 = luma(c1, slope, curve, tint1, i16x8.add(mul(fall1, lowerRow), through));
    v128.store(lower, i8x16.narrow_i16x8_u(lower0, lower1));

    upper += 16;
    lower += 16;
    cb += 8;
    cr += 8;
    column += COLUMN_BYTES;
  }
}
