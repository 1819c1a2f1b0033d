import { gradeRows } from './block';
import { COLUMN_BYTES, ROW_BYTES } from './layout';

/**
 * The grade as one pass over a frame of limited-range 4:2:0, in 16-bit fixed point (AssemblyScript, WebAssembly SIMD).
 * src/reference.ts is the definition; this agrees with it to within one code value. This file walks over the frame,
 * block.ts is the mathematics, layout.ts the tables that src/grader.ts fills.
 */

/** First byte that the program itself does not use. */
export function heapBase(): usize {
  return __heap_base;
}

/**
 * Grades a frame in place.
 * @param y @param cb @param cr the planes  @param yStride @param cStride bytes from one row to the next
 * @param width @param height of luma; chroma has half of it, rounded up
 * @param from @param to the rows between the bars, half open, both even; `to` may be one past an odd height
 * @param colour 0 when the rows between the bars stay as they are
 * @param look @param columns @param rows the tables of layout.ts
 */
export function gradeFrame(
  y: usize,
  cb: usize,
  cr: usize,
  yStride: i32,
  cStride: i32,
  width: i32,
  height: i32,
  from: i32,
  to: i32,
  colour: i32,
  look: usize,
  columns: usize,
  rows: usize,
): void {
  for (let r = 0; r < height; r += 2) {
    const upper = y + r * yStride;
    const lower = r + 1 < height ? upper + yStride : upper;
    const c = (r >> 1) * cStride;
    if (r < from || r >= to) blackRows(upper, lower, cb + c, cr + c, width);
    else if (colour) gradeWholeRows(upper, lower, cb + c, cr + c, width, look, columns, rows + (r >> 1) * ROW_BYTES);
  }
}

function blackRows(upper: usize, lower: usize, cb: usize, cr: usize, width: i32): void {
  const chroma = (width + 1) >> 1;
  memory.fill(upper, 16, width);
  memory.fill(lower, 16, width);
  memory.fill(cb, 128, chroma);
  memory.fill(cr, 128, chroma);
}

/** Whole blocks in place, and what is left of the row by way of a block of its own: nothing past the row is written. */
function gradeWholeRows(
  upper: usize,
  lower: usize,
  cb: usize,
  cr: usize,
  width: i32,
  look: usize,
  columns: usize,
  row: usize,
): void {
  const blocks = width >> 4;
  gradeRows(upper, lower, cb, cr, blocks, look, columns, row);
  const rest = width & 15;
  if (!rest) return;
  const done = blocks << 4;
  const chroma = (rest + 1) >> 1;
  const scratch = memory.data(48, 16);
  memory.copy(scratch, upper + done, rest);
  memory.copy(scratch + 16, lower + done, rest);
  memory.copy(scratch + 32, cb + (done >> 1), chroma);
  memory.copy(scratch + 40, cr + (done >> 1), chroma);
  if (rest & 1) {
    // The last column of an odd width stands for the one that is missing.
    store<u8>(scratch + rest, load<u8>(scratch + rest - 1));
    store<u8>(scratch + 16 + rest, load<u8>(scratch + 15 + rest));
  }
  gradeRows(scratch, scratch + 16, scratch + 32, scratch + 40, 1, look, columns + blocks * COLUMN_BYTES, row);
  memory.copy(upper + done, scratch, rest);
  memory.copy(lower + done, scratch + 16, rest);
  memory.copy(cb + (done >> 1), scratch + 32, chroma);
  memory.copy(cr + (done >> 1), scratch + 40, chroma);
}
