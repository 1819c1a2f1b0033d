/**
 * The grade as one pass over a limited-range 4:2:0 frame, in 16-bit fixed point (AssemblyScript, WebAssembly SIMD).
 * The definition is src/reference.ts; this agrees with it to within one code value.
 *
 * `relaxed_q15mulr_s` is one instruction where the strict one takes three; they differ only for −1 times −1, which no
 * pair of our factors is, so results are the same on every machine.
 *
 * Luma is Q15: t from 0 to 1 as 0…32767. Chroma is Q7 code values: (C − 128)·128, so that ±128 is ±16384. Products are
 * rounding Q15 multiplications; a value is rounded to a code value once, at the end.
 * Tables (i16) hold what depends on the column: the tint's share, and the vignette's horizontal factor.
 */

// Constants of a look, set once by `configure`. Q15 unless said.
let contrastK: i16 = 0;
let keep: i16 = 32767; // 1 − alpha
let vigBase: i16 = 0; // 1 − strength
let lumaBase: i16 = 0; // the same, ·28032/32768: 219 in Q7
let satExtra: i16 = 0; // saturation − 1
let shadowB: i16 = 0; // Q7
let shadowR: i16 = 0;
let highB: i16 = 0;
let highR: i16 = 0;
let doLuma: bool = false;
let doChroma: bool = false;
let doTeal: bool = false;

/** First byte that the program itself does not use. */
export function heapBase(): usize {
  return __heap_base;
}

export function configure(k: i32, keep_: i32, base: i32, sat: i32, sb: i32, sr: i32, hb: i32, hr: i32, luma: i32, chroma: i32, teal: i32): void {
  contrastK = i16(k);
  keep = i16(keep_);
  vigBase = i16(base);
  lumaBase = i16(base * 28032 >> 15);
  satExtra = i16(sat);
  shadowB = i16(sb);
  shadowR = i16(sr);
  highB = i16(hb);
  highR = i16(hr);
  doLuma = luma != 0;
  doChroma = chroma != 0;
  doTeal = teal != 0;
}

/** Eight luma codes → t in Q15, clamped to 0…1, after contrast: t + k·t(1−t)(2t−1), which is k·(s(t)−t). */
// @ts-ignore: decorator of AssemblyScript
@inline
function curve(codes: v128, k: v128): v128 {
  // Saturating at 0 on unsigned codes is what clamps to 16 and above.
  const x = i16x8.shl(i16x8.sub_sat_u(codes, i16x8.splat(16)), 7);
  // ·32768/28032 = 1 + 0.168950; saturates at 1.
  const t = i16x8.add_sat_s(x, i16x8.relaxed_q15mulr_s(x, i16x8.splat(5536)));
  const rest = i16x8.sub(i16x8.splat(32767), t);
  const d = i16x8.relaxed_q15mulr_s(i16x8.relaxed_q15mulr_s(t, rest), i16x8.sub_sat_s(t, rest));
  return i16x8.add_sat_s(t, i16x8.relaxed_q15mulr_s(d, k));
}

// @ts-ignore: decorator of AssemblyScript
@inline
function lumaEight(codes: v128, tint: v128, column: v128, row: v128, k: v128, share: v128, base: v128): v128 {
  const mixed = i16x8.add_sat_s(i16x8.relaxed_q15mulr_s(curve(codes, k), share), tint);
  // The vignette's factor is scaled by 219 already, so the product is in Q7; then 16 and one half, and down to codes.
  const m = i16x8.add_sat_s(i16x8.relaxed_q15mulr_s(column, row), base);
  return i16x8.shr_s(i16x8.add(i16x8.relaxed_q15mulr_s(mixed, m), i16x8.splat(2048 + 64)), 7);
}

// @ts-ignore: decorator of AssemblyScript
@inline
function chromaEight(c: v128, dark: v128, light: v128, shadow: i16, high: i16, tint: v128, m: v128): v128 {
  let value = i16x8.shl(i16x8.sub(c, i16x8.splat(128)), 7);
  if (doTeal) {
    value = i16x8.add_sat_s(value, i16x8.add_sat_s(i16x8.relaxed_q15mulr_s(dark, i16x8.splat(shadow)), i16x8.relaxed_q15mulr_s(light, i16x8.splat(high))));
    value = i16x8.add_sat_s(value, i16x8.relaxed_q15mulr_s(value, i16x8.splat(satExtra)));
    value = i16x8.max_s(i16x8.min_s(value, i16x8.splat(16256)), i16x8.splat(-16384));
  }
  value = i16x8.relaxed_q15mulr_s(i16x8.add_sat_s(i16x8.relaxed_q15mulr_s(value, i16x8.splat(keep)), tint), m);
  return i16x8.add_sat_s(i16x8.shr_s(i16x8.add_sat_s(value, i16x8.splat(64)), 7), i16x8.splat(128));
}

// @ts-ignore: decorator of AssemblyScript
@inline
function lumaSixteen(at: usize, x: i32, tint: usize, column: usize, row: v128, k: v128, share: v128, base: v128): void {
  const codes = v128.load(at);
  const low = lumaEight(i16x8.extend_low_i8x16_u(codes), v128.load(tint + x * 2), v128.load(column + x * 2), row, k, share, base);
  const high = lumaEight(i16x8.extend_high_i8x16_u(codes), v128.load(tint + x * 2, 16), v128.load(column + x * 2, 16), row, k, share, base);
  v128.store(at, i8x16.narrow_i16x8_u(low, high));
}

/**
 * One row of luma, in place.
 * @param tint i16 per column: alpha·t of the colour  @param column i16 per column
 * @param row strength·vertical factor·28032/32768: Q15 luma becomes Q7 code values
 */
function lumaRow(at: usize, width: i32, tint: usize, column: usize, row: i32): void {
  const vertical = i16x8.splat(i16(row));
  // Constants of the look are held in registers: the loop reads no globals.
  const k = i16x8.splat(contrastK);
  const share = i16x8.splat(keep);
  const base = i16x8.splat(lumaBase);
  let x = 0;
  for (; x + 16 <= width; x += 16) lumaSixteen(at + x, x, tint, column, vertical, k, share, base);
  if (x < width) {
    // The rest of the row by way of a full vector: tables are padded, pixels are not.
    const rest = memory.data(16);
    memory.copy(rest, at + x, width - x);
    lumaSixteen(rest, x, tint, column, vertical, k, share, base);
    memory.copy(at + x, rest, width - x);
  }
}

// @ts-ignore: decorator of AssemblyScript
@inline
function chromaStep(y0: v128, y1: v128, cb: usize, cr: usize, x: i32, tintB: usize, tintR: usize, column: usize, vertical: v128): void {
  const sums = i16x8.add(i16x8.extadd_pairwise_i8x16_u(y0), i16x8.extadd_pairwise_i8x16_u(y1));
  let dark = i16x8.splat(0);
  let light = i16x8.splat(0);
  if (doTeal) {
    const t = curve(i16x8.shr_u(i16x8.add(sums, i16x8.splat(2)), 2), i16x8.splat(contrastK));
    const rest = i16x8.sub(i16x8.splat(32767), t);
    dark = i16x8.relaxed_q15mulr_s(rest, rest);
    light = i16x8.relaxed_q15mulr_s(t, t);
  }
  const m = i16x8.add_sat_s(i16x8.relaxed_q15mulr_s(v128.load(column + x * 2), vertical), i16x8.splat(vigBase));
  const b = chromaEight(v128.load8x8_u(cb), dark, light, shadowB, highB, v128.load(tintB + x * 2), m);
  const r = chromaEight(v128.load8x8_u(cr), dark, light, shadowR, highR, v128.load(tintR + x * 2), m);
  v128.store64_lane(cb, i8x16.narrow_i16x8_u(b, b), 0);
  v128.store64_lane(cr, i8x16.narrow_i16x8_u(r, r), 0);
}

/**
 * One row of both chroma planes, in place; before the two rows of luma above them are graded.
 * @param y0 first row of luma  @param y1 second row (the same one at an odd lower edge)  @param width of luma
 */
function chromaRow(y0: usize, y1: usize, width: i32, cb: usize, cr: usize, tintB: usize, tintR: usize, column: usize, row: i32): void {
  if (!doChroma) return;
  const vertical = i16x8.splat(i16(row));
  const count = (width + 1) >> 1;
  let x = 0;
  for (; x * 2 + 16 <= width; x += 8) chromaStep(v128.load(y0 + x * 2), v128.load(y1 + x * 2), cb + x, cr + x, x, tintB, tintR, column, vertical);
  if (x < count) {
    const rest = memory.data(64);
    const pixels = width - x * 2;
    memory.copy(rest, y0 + x * 2, pixels);
    memory.copy(rest + 16, y1 + x * 2, pixels);
    if (pixels & 1) {
      // At an odd right edge the last pixel counts twice.
      store<u8>(rest + pixels, load<u8>(rest + pixels - 1));
      store<u8>(rest + 16 + pixels, load<u8>(rest + 16 + pixels - 1));
    }
    memory.copy(rest + 32, cb + x, count - x);
    memory.copy(rest + 48, cr + x, count - x);
    chromaStep(v128.load(rest), v128.load(rest + 16), rest + 32, rest + 48, x, tintB, tintR, column, vertical);
    memory.copy(cb + x, rest + 32, count - x);
    memory.copy(cr + x, rest + 48, count - x);
  }
}

/**
 * A frame, in place. Planes have strides of their own; `tables` are one after another, each padded to `span` i16:
 * luma tint, luma column, Cb tint, Cr tint, chroma column, luma rows, chroma rows.
 */
export function gradeFrame(y: usize, cb: usize, cr: usize, width: i32, height: i32, yStride: i32, cStride: i32, bar: i32, tables: usize, span: i32): void {
  const tint = tables;
  const column = tables + span * 2;
  const tintB = tables + span * 4;
  const tintR = tables + span * 6;
  const cColumn = tables + span * 8;
  const rows = tables + span * 10;
  const cRows = tables + span * 12;
  const cWidth = (width + 1) >> 1;
  const bottom = height - bar;
  for (let r = 0; r < height; r += 2) {
    const c = r >> 1;
    const two = r + 1 < height;
    const line = y + r * yStride;
    const next = two ? line + yStride : line;
    if (r < bar || r >= bottom) {
      memory.fill(cb + c * cStride, 128, cWidth);
      memory.fill(cr + c * cStride, 128, cWidth);
    } else {
      chromaRow(line, next, width, cb + c * cStride, cr + c * cStride, tintB, tintR, cColumn, load<i16>(cRows + c * 2));
    }
    if (r < bar || r >= bottom) memory.fill(line, 16, width);
    else if (doLuma) lumaRow(line, width, tint, column, load<i16>(rows + r * 2));
    if (two) {
      if (r + 1 < bar || r + 1 >= bottom) memory.fill(next, 16, width);
      else if (doLuma) lumaRow(next, width, tint, column, load<i16>(rows + (r + 1) * 2));
    }
  }
}
