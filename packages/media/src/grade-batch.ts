import { constants, type FileHandle, open } from 'node:fs/promises';
import { DailiesError, type VideoBatch } from '@dailies/contracts';
import { collectTarget } from './collect.ts';
import { encoderOptions } from './encoder.ts';
import { barFilters, decodeFilters, preparedPicture, type Rows, timeBaseAfter } from './picture.ts';
import type { FramePipes } from './pump.ts';
import { runFfmpeg } from './run.ts';
import { otherSizesOfBatch } from './sizes.ts';
import { trackTimescale } from './ticks.ts';
import type { FfmpegTools } from './tools.ts';

export interface GradeOptions {
  readonly pipes: FramePipes;
  /** The rows that the grade has to see; the bars above and below them do not travel (docs/decisions/0008). */
  readonly rows: Rows;
  /** Runs `pumpFrames` in a thread of its own; `onOpen` is passed on from it. */
  readonly pump: (manifest: VideoBatch, pipes: FramePipes, onOpen: () => void) => Promise<void>;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Niceness of the two processes; see FfmpegRun. */
  readonly nice?: number | undefined;
}

/**
 * Decodes, grades and encodes one batch: exactly the frames of its manifest, each at its own time. Two ffmpeg processes
 * with the kernel between them; raw frames come and go as NUT through named pipes.
 * @returns fMP4 (init segment and fragments); its PTS are those of the manifest up to a constant
 * @throws DailiesError FRAMES_MISMATCH when the batch does not decode to the frames of the manifest, FFMPEG_*, ABORTED
 */
export async function gradeBatch(
  tools: FfmpegTools,
  manifest: VideoBatch,
  payload: Uint8Array,
  options: GradeOptions,
): Promise<Buffer> {
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const holds = await holdPipes(options.pipes);
  const picture = preparedPicture(manifest.picture);
  const bars = barFilters(manifest.picture, options.rows);
  const encoded = collectTarget();
  const opened = Promise.withResolvers<void>();

  const decode = runFfmpeg({
    tools,
    inputs: [{ options: ['-copyts', '-protocol_whitelist', 'pipe', '-threads', '1', '-f', 'nut'], source: 'pipe:0' }],
    output: [
      '-map',
      '0:v:0',
      '-vf',
      [...unwanted(manifest), decodeFilters(manifest.picture, 'refused'), ...bars.off].join(','),
      ...tools.passthrough,
      '-enc_time_base',
      timeBaseAfter(manifest.picture, manifest.timeBase),
      '-c:v',
      'rawvideo',
      '-f',
      'nut',
    ],
    target: options.pipes.decoded,
    feed: async (stdin) => void stdin.end(payload),
    timeoutMs: options.timeoutMs,
    signal,
    nice: options.nice,
    purpose: 'decode a batch',
  })
    .catch(async (failure: unknown) => {
      throw await withReason(failure, tools, manifest, payload, options);
    })
    .finally(() => void opened.promise.then(() => holds.decoded.close()));

  const encode = runFfmpeg({
    tools,
    inputs: [{ options: ['-copyts', '-protocol_whitelist', 'file', '-f', 'nut'], source: options.pipes.graded }],
    output: [
      ...['-map', '0:v:0', ...(bars.on.length > 0 ? ['-vf', bars.on.join(',')] : [])],
      ...[...tools.passthrough, '-enc_time_base', '-1'],
      ...encoderOptions(manifest.encode, picture),
      ...['-threads', '1', '-video_track_timescale', String(trackTimescale(manifest.timeBase))],
      ...['-movflags', '+frag_keyframe+empty_moov+default_base_moof', '-f', 'mp4'],
    ],
    target: encoded.target,
    timeoutMs: options.timeoutMs,
    signal,
    nice: options.nice,
    purpose: 'encode a batch',
  }).finally(() => void opened.promise.then(() => holds.graded.close()));

  // A pump that fails before it has opened the pipes counts as open too: there is nobody to wait for.
  const pump = options.pump(manifest, options.pipes, opened.resolve).finally(opened.resolve);
  // Whoever fails ends the others; all are waited for, so that the pipes are free for the next batch.
  const tasks = [pump, decode, encode];
  const failures: unknown[] = [];
  for (const task of tasks) {
    task.catch((failure: unknown) => {
      failures.push(failure);
      stop.abort();
    });
  }
  await Promise.allSettled(tasks);
  // In order of time: the first one caused the others. A decoder that fails is known before the pump sees its stream end,
  // because the pipe is held until then.
  if (failures.length > 0) throw failures[0];
  return encoded.bytes();
}

/** The decoder refuses frames of another size than the manifest's, but does not say so by its exit code: ffprobe is asked. */
async function withReason(
  failure: unknown,
  tools: FfmpegTools,
  manifest: VideoBatch,
  payload: Uint8Array,
  { timeoutMs, signal }: GradeOptions,
): Promise<unknown> {
  if (!(failure instanceof DailiesError) || failure.code !== 'FFMPEG_FAILED') return failure;
  const others = await otherSizesOfBatch(tools, manifest, payload, { timeoutMs, signal });
  if (others.length === 0) return failure;
  const { width, height } = manifest.picture;
  const what = `frames of ${others.join(', ')} instead of ${width}x${height}`;
  return new DailiesError('FRAMES_MISMATCH', `Batch ${manifest.index} decodes to ${what}.`, { cause: failure });
}

/** Drops frames that are decoded for others only, before the window: they need not travel. The pump proves the rest. */
function unwanted({ ptsDeltas, basePts }: VideoBatch): string[] {
  const before = (ptsDeltas[0] as number) - basePts;
  return before > 0 ? [`trim=start_pts=${before}`] : [];
}

/**
 * Keeps both pipes open so that no open of them ever waits for its other end, and nothing that was written is lost
 * before somebody reads: the decoder's for reading and writing (the pump sees the end of the stream when the decoder has
 * ended and this is closed), the encoder's for reading only (it sees the end when the pump closes; a dead encoder breaks
 * the pump's pipe once this is closed). Both are kept until the pump has them open.
 */
async function holdPipes(pipes: FramePipes): Promise<{ decoded: FileHandle; graded: FileHandle }> {
  const decoded = await open(pipes.decoded, constants.O_RDWR | constants.O_NONBLOCK);
  const graded = await open(pipes.graded, constants.O_RDONLY | constants.O_NONBLOCK);
  return { decoded, graded };
}
