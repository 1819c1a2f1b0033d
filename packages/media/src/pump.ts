import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { DailiesError, fromDeltas, type VideoBatch } from '@dailies/contracts';
import type { NutHeader } from './nut/format.ts';
import { type NutFrame, NutReader } from './nut/reader.ts';
import { frameHeader, nutHeader, nutPadding } from './nut/writer.ts';
import { ticksPer, toTicks } from './ticks.ts';

/** The look, as the kernel applies it to the frame in its own memory, in place. */
export interface FrameGrader {
  readonly width: number;
  /** Of the rows that travel: the film's without its bars. */
  readonly height: number;
  readonly frameBytes: number;
  /** I420, tightly packed, `width` x `height`. */
  readonly frame: Uint8Array;
  grade(): void;
}

/** Named pipes between the kernel and the two ffmpeg processes of a batch. */
export interface FramePipes {
  /** The decoder writes, the pump reads. */
  readonly decoded: string;
  /** The pump writes, the encoder reads. */
  readonly graded: string;
}

/** More than any pipe's capacity (Linux: 16 pages, of 64 KiB at most). */
const PADDING_BYTES = 1024 * 1024 + 4096;
/** Room for a frame's header and the first bytes behind it; the rest of a frame is read straight into place. */
const HEAD_BYTES = 4096;

/**
 * Reads decoded frames, keeps exactly those of the manifest, grades each and writes it to the encoder. Blocks its thread
 * from the first frame to the last: blocking reads and writes of named pipes cost less than half of the processor time
 * that asynchronous streams over Node's socket pairs do (docs/decisions/0005), and each slot has a thread of its own.
 * @param onOpen told when both pipes are open: from then on their other ends may go away
 * @throws DailiesError FRAMES_MISMATCH; system errors such as EPIPE when ffmpeg went away
 */
export function pumpFrames(manifest: VideoBatch, grader: FrameGrader, pipes: FramePipes, onOpen: () => void): void {
  const input = openSync(pipes.decoded, 'r');
  try {
    const output = openSync(pipes.graded, 'w');
    try {
      onOpen();
      const keeper = new FrameKeeper(manifest, grader, (bytes) => writeAll(output, bytes));
      const reader = new NutReader(keeper);
      const head = Buffer.allocUnsafe(HEAD_BYTES);
      for (;;) {
        const direct = reader.direct();
        const read = readSync(input, direct ?? head);
        if (read === 0) break;
        if (direct) reader.advance(read);
        // A copy: the parser may keep the bytes of an unfinished header.
        else reader.write(Buffer.from(head.subarray(0, read)));
      }
      reader.end();
      keeper.end();
      // More than a pipe holds: when this is written, the encoder has opened its end, and closing ours cannot be missed.
      writeAll(output, nutPadding(PADDING_BYTES));
    } finally {
      closeSync(output);
    }
  } finally {
    closeSync(input);
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

/** Decides for each decoded frame whether it is kept, and proves that the manifest is met. */
export class FrameKeeper {
  readonly #manifest: VideoBatch;
  readonly #grader: FrameGrader;
  readonly #write: (bytes: Uint8Array) => void;
  readonly #wanted: readonly number[];
  #next = 0;
  #ratio = { mul: 1, div: 1 };

  constructor(manifest: VideoBatch, grader: FrameGrader, write: (bytes: Uint8Array) => void) {
    this.#manifest = manifest;
    this.#grader = grader;
    this.#write = write;
    this.#wanted = fromDeltas(manifest.ptsDeltas);
  }

  header(header: NutHeader): void {
    const { width, height } = this.#grader;
    if (header.width !== width || header.height !== height)
      throw this.#mismatch(`${header.width}x${header.height} instead of ${width}x${height}`);
    this.#ratio = ticksPer(header.timeBase, this.#manifest.timeBase);
    this.#write(nutHeader({ ...header, timeBase: this.#manifest.timeBase, decodeDelay: 0 }));
  }

  frame(frame: NutFrame): Uint8Array | null {
    const pts = toTicks(frame.pts, this.#ratio) + this.#manifest.basePts;
    const wanted = this.#wanted[this.#next];
    if (wanted === undefined) {
      if (pts < this.#manifest.endPts) throw this.#mismatch(`a frame at ${pts} that no packet promised`);
      return null;
    }
    if (pts < wanted && this.#next === 0) return null;
    if (pts !== wanted) throw this.#mismatch(`a frame at ${pts} where one at ${wanted} was promised`);
    const size = frame.prefix.length + frame.size;
    if (size !== this.#grader.frameBytes)
      throw this.#mismatch(`a frame of ${size} bytes instead of ${this.#grader.frameBytes}`);
    return this.#grader.frame;
  }

  frameEnd(): void {
    this.#grader.grade();
    const pts = (this.#wanted[this.#next++] as number) - (this.#wanted[0] as number);
    this.#write(frameHeader(pts, this.#grader.frameBytes, true));
    this.#write(this.#grader.frame);
  }

  end(): void {
    if (this.#next !== this.#wanted.length) throw this.#mismatch(`only ${this.#next} of ${this.#wanted.length} frames`);
  }

  #mismatch(what: string): DailiesError {
    return new DailiesError('FRAMES_MISMATCH', `Batch ${this.#manifest.index} decodes to ${what}.`);
  }
}
