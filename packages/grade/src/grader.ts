import { DailiesError, type Look } from '@dailies/contracts';
import { ROW_BYTES } from '../kernel/layout.ts';
import { type KernelBuild, loadKernel } from './kernel.ts';
import { changesColour, gradedRows, rowsBetweenBars } from './reference.ts';
import { kernelTables } from './tables.ts';

/** Grades frames of one size with one look, in the memory of the kernel. */
export interface Grader {
  readonly width: number;
  /** Of a frame in memory: less than the picture's when the bars are left out. */
  readonly height: number;
  /** How many frames the memory holds. */
  readonly slots: number;
  /**
   * Bytes of a frame: 8-bit limited-range I420 as ffmpeg's rawvideo has it, Y of width×height, then Cb and Cr of
   * ⌈width/2⌉×⌈height/2⌉, tightly packed unless strides were asked for.
   */
  readonly frameBytes: number;
  /** The memory of a slot: a frame is put there, graded in place, and read from there. */
  frame(slot: number): Uint8Array<ArrayBuffer>;
  /** Grades what is in a slot. The result depends on these bytes, the look and the size, and on nothing else. */
  grade(slot: number): void;
}

export interface GraderOptions {
  /** Of luma, in pixels; odd sizes are allowed. */
  readonly width: number;
  readonly height: number;
  readonly look: Look;
  readonly slots: number;
  /** Frames are only the rows of `gradedRows`: whoever shows them adds the bars. */
  readonly withoutBars?: boolean;
  /** Bytes from one row to the next, when rows are padded; the padding is left as it is. */
  readonly strides?: { readonly luma: number; readonly chroma: number };
  /** Which build of the kernel; the fastest that runs here when left out. */
  readonly kernel?: KernelBuild;
}

const PAGE_BYTES = 65_536;
const ALIGN = 64;
const align = (at: number): number => Math.ceil(at / ALIGN) * ALIGN;

/**
 * Makes a grader: a kernel, its tables, and memory for `slots` frames.
 * @throws DailiesError INTERNAL when the kernel has not been built; RECORDING_TOO_LARGE when the frames do not fit into memory
 */
export async function createGrader({
  width,
  height,
  look,
  slots,
  withoutBars = false,
  strides,
  kernel: build,
}: GraderOptions): Promise<Grader> {
  const shown = withoutBars ? gradedRows(look, height) : { from: 0, to: height };
  const rows = shown.to - shown.from;
  const chromaHeight = Math.ceil(rows / 2);
  const luma = strides?.luma ?? width;
  const chroma = strides?.chroma ?? Math.ceil(width / 2);
  const frameBytes = luma * rows + 2 * chroma * chromaHeight;
  const kernel = await loadKernel(build);

  const tables = kernelTables(look, width, height);
  const lookAt = align(kernel.heapBase());
  const columnsAt = align(lookAt + tables.look.byteLength);
  const rowsAt = align(columnsAt + tables.columns.byteLength);
  const framesAt = align(rowsAt + tables.rows.byteLength);
  const slotBytes = align(frameBytes);
  reserve(kernel.memory, framesAt + slots * slotBytes, `${slots} frames of ${width}x${rows}`);
  const { buffer } = kernel.memory;
  new Int16Array(buffer, lookAt).set(tables.look);
  new Int16Array(buffer, columnsAt).set(tables.columns);
  new Int16Array(buffer, rowsAt).set(tables.rows);

  const { from, to } = rowsBetweenBars(look, height);
  const colour = changesColour(look) ? 1 : 0;
  const at = (slot: number): number => {
    if (!Number.isInteger(slot) || slot < 0 || slot >= slots)
      throw new RangeError(`There is no slot ${slot}; there are ${slots}.`);
    return framesAt + slot * slotBytes;
  };
  return {
    width,
    height: rows,
    slots,
    frameBytes,
    frame: (slot) => new Uint8Array(buffer, at(slot), frameBytes),
    grade(slot) {
      const y = at(slot);
      const cb = y + luma * rows;
      kernel.gradeFrame(
        y,
        cb,
        cb + chroma * chromaHeight,
        luma,
        chroma,
        width,
        rows,
        from - shown.from,
        to - shown.from,
        colour,
        lookAt,
        columnsAt,
        rowsAt + (shown.from / 2) * ROW_BYTES,
      );
    },
  };
}

/** Grows the memory to `bytes`; before any view of it is made, because growing detaches views. */
function reserve(memory: WebAssembly.Memory, bytes: number, what: string): void {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE_BYTES);
  if (missing <= 0) return;
  try {
    memory.grow(missing);
  } catch (cause) {
    throw new DailiesError(
      'RECORDING_TOO_LARGE',
      `There is no memory for ${what} (${Math.ceil(bytes / 1e6)} MB; the limit is 4 GiB).`,
      { cause },
    );
  }
}
