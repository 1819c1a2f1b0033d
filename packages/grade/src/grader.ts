import { readFile } from 'node:fs/promises';
import { DailiesError, type Look } from '@dailies/contracts';
import { isIdentity } from './looks.ts';
import { barRows, tbrOf } from './reference.ts';

/** Grades frames of one size with one look, in the memory of the kernel. */
export interface Grader {
  /** Bytes of a frame: I420, tightly packed. */
  readonly frameBytes: number;
  /** The memory of a slot: a frame is put there, graded in place, and read from there. */
  frame(slot: number): Uint8Array;
  grade(slot: number): void;
}

interface Kernel {
  readonly memory: WebAssembly.Memory;
  heapBase(): number;
  configure(...constants: number[]): void;
  gradeFrame(y: number, cb: number, cr: number, width: number, height: number, yStride: number, cStride: number, bar: number, tables: number, span: number): void;
}

const PAGE = 65_536;
const TABLES = 7;
const Q15 = 32_768;
/** 219 in Q7: the kernel's luma factor goes from Q15 luma to Q7 code values in one multiplication. */
const LUMA_SCALE = 219 * 128;

const q15 = (value: number): number => Math.max(-Q15, Math.min(Q15 - 1, Math.round(value * Q15)));

/**
 * Compiles the kernel for one size and look.
 * @param strides bytes from one row to the next, when frames are not tightly packed
 * @throws DailiesError INTERNAL when the kernel has not been built
 */
export async function createGrader(options: { width: number; height: number; look: Look; slots: number; strides?: { luma: number; chroma: number } }): Promise<Grader> {
  const { width, height, look, slots } = options;
  const cHeight = Math.ceil(height / 2);
  const yStride = options.strides?.luma ?? width;
  const cStride = options.strides?.chroma ?? Math.ceil(width / 2);
  const frameBytes = yStride * height + 2 * cStride * cHeight;
  const kernel = await loadKernel();
  // Tables are read in whole vectors, so they are a vector longer than the picture.
  const span = Math.ceil((Math.max(width, height) + 16) / 16) * 16;
  const tables = align(kernel.heapBase());
  const first = align(tables + TABLES * span * 2);
  const slotBytes = align(frameBytes + 16);
  const wanted = first + slots * slotBytes;
  const missing = Math.ceil((wanted - kernel.memory.buffer.byteLength) / PAGE);
  if (missing > 0) kernel.memory.grow(missing);
  configure(kernel, look);
  fillTables(new Int16Array(kernel.memory.buffer, tables, TABLES * span), span, width, height, look);
  const bar = barRows(look, height);
  const idle = isIdentity(look);
  const at = (slot: number): number => first + slot * slotBytes;
  return {
    frameBytes,
    frame: (slot) => new Uint8Array(kernel.memory.buffer, at(slot), frameBytes),
    grade(slot) {
      if (idle) return;
      const y = at(slot);
      const cb = y + yStride * height;
      kernel.gradeFrame(y, cb, cb + cStride * cHeight, width, height, yStride, cStride, bar, tables, span);
    },
  };
}

const align = (at: number): number => Math.ceil(at / 64) * 64;

async function loadKernel(): Promise<Kernel> {
  const file = new URL('../kernel/kernel.wasm', import.meta.url);
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new DailiesError('INTERNAL', `The kernel ${file.pathname} has not been built. Run: npm run prepare`, { cause });
  });
  const { instance } = await WebAssembly.instantiate(bytes);
  return instance.exports as unknown as Kernel;
}

function configure(kernel: Kernel, look: Look): void {
  const teal = look.tealOrange;
  kernel.configure(
    q15(look.contrast?.amount ?? 0),
    q15(1 - (look.splitTint?.alpha ?? 0)),
    look.vignette ? q15(1 - look.vignette.strength) : 0,
    q15((teal?.saturation ?? 1) - 1),
    ...[teal?.shadows[0], teal?.shadows[1], teal?.highlights[0], teal?.highlights[1]].map((offset) => Math.round((offset ?? 0) * 128)),
    look.contrast || look.splitTint || look.vignette ? 1 : 0,
    teal || look.splitTint || look.vignette ? 1 : 0,
    teal ? 1 : 0,
  );
}

/** What depends on the column or on the row alone; the order is that of `gradeFrame`. */
function fillTables(tables: Int16Array, span: number, width: number, height: number, look: Look): void {
  const table = (i: number): Int16Array => tables.subarray(i * span, (i + 1) * span);
  const fall = (at: number, size: number): number => (look.vignette ? Math.exp(-(((at + 0.5) / size - 0.5) ** 2) / (2 * look.vignette.sigma ** 2)) : 1);
  const strength = look.vignette?.strength ?? 1;
  const alpha = look.splitTint?.alpha ?? 0;
  const left = tbrOf(look.splitTint?.left ?? [0, 0, 0]);
  const right = tbrOf(look.splitTint?.right ?? [0, 0, 0]);
  const half = (x: number) => (2 * x < width ? left : right);
  for (let x = 0; x < width; x++) {
    table(0)[x] = q15(alpha * half(x).t);
    table(1)[x] = q15(fall(x, width));
  }
  for (let x = 0; 2 * x < width; x++) {
    table(2)[x] = Math.round(alpha * half(2 * x).b * 128);
    table(3)[x] = Math.round(alpha * half(2 * x).r * 128);
    table(4)[x] = q15(fall(2 * x + 0.5, width));
  }
  for (let y = 0; y < height; y++) table(5)[y] = q15((strength * fall(y, height) * LUMA_SCALE) / Q15);
  for (let y = 0; 2 * y < height; y++) table(6)[y] = q15(strength * fall(2 * y + 0.5, height));
}
