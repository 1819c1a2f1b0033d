import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { DailiesError, fromDeltas, type VideoBatch } from '@dailies/contracts';
import { encoderOptions } from './encoder.ts';
import { collectTarget } from './collect.ts';
import type { NutHeader } from './nut/format.ts';
import { NutReader } from './nut/reader.ts';
import { frameHeader, nutHeader } from './nut/writer.ts';
import { nutTarget } from './packets.ts';
import { decodeFilters, preparedPicture } from './picture.ts';
import { runFfmpeg } from './run.ts';
import { ticksPer, toTicks } from './split.ts';
import type { FfmpegTools } from './tools.ts';

/** The look, as the kernel applies it: a ring of frames in the kernel's own memory, graded in place. */
export interface FrameGrader {
  readonly slots: number;
  readonly frameBytes: number;
  /** The memory of a slot: I420, tightly packed, `filmWidth` x `filmHeight`. */
  frame(slot: number): Uint8Array;
  grade(slot: number): void;
}

export interface GradeOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Decodes, grades and encodes one batch: exactly the frames of its manifest, each at its own time.
 *
 * Two ffmpeg processes with the kernel between them; raw frames come and go as NUT. A decoded frame is copied once, into
 * the kernel's memory, graded there, and written from there.
 * @returns fMP4 (init segment and fragments); its PTS begin at 0 with the first frame, up to a constant
 * @throws DailiesError FRAMES_MISMATCH when the batch does not decode to the frames of the manifest, FFMPEG_*
 */
export async function gradeBatch(tools: FfmpegTools, manifest: VideoBatch, payload: Uint8Array, grader: FrameGrader, options: GradeOptions): Promise<Buffer> {
  const picture = preparedPicture(manifest.picture);
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const encoded = collectTarget();
  const encoding = Promise.withResolvers<Writable>();
  const finished = Promise.withResolvers<void>();
  // Both are awaited below; until then a rejection must not count as unhandled.
  encoding.promise.catch(() => {});
  finished.promise.catch(() => {});

  const encode = runFfmpeg({
    tools,
    inputs: [{ options: ['-copyts', '-protocol_whitelist', 'pipe', '-f', 'nut'], source: 'pipe:0' }],
    output: [
      ...['-map', '0:v:0', ...tools.passthrough, '-enc_time_base', '-1'],
      ...encoderOptions(manifest.encode, picture),
      ...['-threads', '1', '-video_track_timescale', String(trackTimescale(manifest.timeBase))],
      ...['-movflags', '+frag_keyframe+empty_moov+default_base_moof', '-f', 'mp4'],
    ],
    target: encoded.target,
    feed: (stdin) => {
      encoding.resolve(stdin);
      return finished.promise;
    },
    timeoutMs: options.timeoutMs,
    signal,
    purpose: 'encode a batch',
  });
  encode.catch((error: unknown) => {
    encoding.reject(error);
    stop.abort();
  });

  const keeper = new FrameKeeper(manifest, grader, encoding.promise);
  const decode = runFfmpeg({
    tools,
    inputs: [{ options: ['-copyts', '-protocol_whitelist', 'pipe', '-threads', '1', '-f', 'nut'], source: 'pipe:0' }],
    output: ['-map', '0:v:0', '-vf', decodeFilters(manifest.picture), ...tools.passthrough, '-enc_time_base', '-1', '-c:v', 'rawvideo', '-f', 'nut'],
    target: nutTarget(new NutReader(keeper)),
    feed: async (stdin) => {
      stdin.end(payload);
      await once(stdin, 'finish').catch(() => {});
    },
    timeoutMs: options.timeoutMs,
    signal,
    purpose: 'decode a batch',
  }).then(() => keeper.end());
  decode.then(finished.resolve, (error: unknown) => {
    finished.reject(error);
    stop.abort();
  });

  const [decoded, written] = await Promise.allSettled([decode, encode]);
  // The first cause counts: whoever failed aborted the other.
  const failures = [decoded, written].filter((result) => result.status === 'rejected').map((result) => result.reason as unknown);
  const cause = failures.find((reason) => !(reason instanceof DailiesError && reason.code === 'ABORTED')) ?? failures[0];
  if (cause) throw cause;
  return encoded.bytes();
}

/** MP4 counts in 1/timescale; a time base with a numerator, or a coarse one, is refined by a whole factor. */
export function trackTimescale(timeBase: { num: number; den: number }): number {
  let scale = timeBase.den;
  while (scale < 1000) scale *= 2;
  return scale;
}

/** Keeps exactly the frames of the manifest and passes them on, graded. */
class FrameKeeper {
  readonly #grader: FrameGrader;
  readonly #manifest: VideoBatch;
  readonly #wanted: readonly number[];
  readonly #encoder: Promise<Writable>;
  readonly #free: number[];
  readonly #waiting: (() => void)[] = [];
  #stdin: Writable | null = null;
  #next = 0;
  #slot = -1;
  #ratio = { mul: 1, div: 1 };

  constructor(manifest: VideoBatch, grader: FrameGrader, encoder: Promise<Writable>) {
    this.#manifest = manifest;
    this.#grader = grader;
    this.#encoder = encoder;
    this.#wanted = fromDeltas(manifest.ptsDeltas);
    this.#free = Array.from({ length: grader.slots }, (_, slot) => slot);
  }

  async header(header: NutHeader): Promise<void> {
    const { filmWidth, filmHeight } = this.#manifest.picture;
    if (header.width !== filmWidth || header.height !== filmHeight) {
      throw new DailiesError('FRAMES_MISMATCH', `The batch decodes to ${header.width}x${header.height}, not ${filmWidth}x${filmHeight}.`);
    }
    this.#ratio = ticksPer(header.timeBase, this.#manifest.timeBase);
    this.#stdin = await this.#encoder;
    this.#stdin.write(nutHeader({ ...header, timeBase: this.#manifest.timeBase, decodeDelay: 0 }));
  }

  async frame(frame: { pts: number; size: number; prefix: Uint8Array }): Promise<Uint8Array | null> {
    const pts = toTicks(frame.pts, this.#ratio) + this.#manifest.basePts;
    const wanted = this.#wanted[this.#next];
    if (wanted === undefined) {
      if (pts < this.#manifest.endPts) throw this.#mismatch(`a frame at ${pts} that no packet promised`);
      return null;
    }
    if (pts < wanted && this.#next === 0) return null;
    if (pts !== wanted) throw this.#mismatch(`a frame at ${pts} where one at ${wanted} was promised`);
    if (frame.size !== this.#grader.frameBytes) throw this.#mismatch(`a frame of ${frame.size} bytes instead of ${this.#grader.frameBytes}`);
    while (this.#free.length === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#slot = this.#free.pop() as number;
    return this.#grader.frame(this.#slot);
  }

  frameEnd(): void {
    const slot = this.#slot;
    this.#grader.grade(slot);
    const pts = (this.#wanted[this.#next++] as number) - (this.#wanted[0] as number);
    const stdin = this.#stdin as Writable;
    stdin.write(frameHeader(pts, this.#grader.frameBytes, true));
    stdin.write(this.#grader.frame(slot), () => {
      this.#free.push(slot);
      this.#waiting.shift()?.();
    });
  }

  async end(): Promise<void> {
    if (this.#next !== this.#wanted.length) throw this.#mismatch(`only ${this.#next} of ${this.#wanted.length} frames`);
    const stdin = this.#stdin as Writable;
    stdin.end();
    await once(stdin, 'finish');
  }

  #mismatch(what: string): DailiesError {
    return new DailiesError('FRAMES_MISMATCH', `Batch ${this.#manifest.index} decodes to ${what}.`);
  }
}
