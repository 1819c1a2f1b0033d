import { readFile } from 'node:fs/promises';
import { DailiesError } from '@dailies/contracts';

/** What kernel/index.ts exports. */
export interface Kernel {
  readonly memory: WebAssembly.Memory;
  heapBase(): number;
  gradeFrame(
    y: number,
    cb: number,
    cr: number,
    yStride: number,
    cStride: number,
    width: number,
    height: number,
    from: number,
    to: number,
    colour: number,
    look: number,
    columns: number,
    rows: number,
  ): void;
}

/** `relaxed` needs the relaxed SIMD of WebAssembly, which Node 24 has and not every browser; it is twice as fast. Both agree to the bit. */
export type KernelBuild = 'relaxed' | 'strict';

const FILES: Readonly<Record<KernelBuild, string>> = {
  relaxed: '../kernel/kernel.wasm',
  strict: '../kernel/kernel-strict.wasm',
};

/**
 * Makes a kernel with a memory of its own.
 * @param build left out: the fastest one that this machine runs
 * @param folder what the files are relative to: this file, unless a test says otherwise
 * @throws DailiesError INTERNAL when the kernel has not been built
 */
export async function loadKernel(build?: KernelBuild, folder: string | URL = import.meta.url): Promise<Kernel> {
  if (build) return instantiate(build, folder);
  return instantiate('relaxed', folder).catch((error: unknown) => {
    // So says an engine that does not know the relaxed instructions.
    if (error instanceof Error && error.name === 'CompileError') return instantiate('strict', folder);
    throw error;
  });
}

async function instantiate(build: KernelBuild, folder: string | URL): Promise<Kernel> {
  const { instance } = await WebAssembly.instantiate(await read(build, folder));
  return instance.exports as unknown as Kernel;
}

async function read(build: KernelBuild, folder: string | URL): Promise<Buffer<ArrayBuffer>> {
  const file = new URL(FILES[build], folder);
  return readFile(file).catch((cause: unknown) => {
    throw new DailiesError(
      'INTERNAL',
      `The kernel of the grade, ${file.pathname}, is not there. Build it: npm run prepare`,
      { cause },
    );
  });
}
