import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Picture, VideoBatch } from '@dailies/contracts';
import { SAFE_INPUT } from './safety.ts';
import type { Source } from './source.ts';
import type { FfmpegTools } from './tools.ts';

/** More than these need not be told. */
const MAX_SIZES = 8;
/** Their pictures may have another size at any frame; those of others only at keyframes. */
const AT_ANY_FRAME: ReadonlySet<string> = new Set(['vp9', 'av1']);

interface Asking {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** The sizes of a recording's frames, such as `640x360`, that its track does not announce. None where ffprobe cannot tell. */
export function otherSizes(tools: FfmpegTools, source: Source, asking: Asking): Promise<string[]> {
  const few = AT_ANY_FRAME.has(source.picture.codec) ? [] : ['-skip_frame', 'nokey'];
  const track = ['-select_streams', String(source.videoIndex)];
  return askSizes(
    tools,
    [...few, ...source.probing, ...SAFE_INPUT, ...track, source.path],
    null,
    source.picture,
    asking,
  );
}

/** The same of a batch. Every frame is decoded: this is for one that has failed already. */
export function otherSizesOfBatch(
  tools: FfmpegTools,
  { picture }: VideoBatch,
  payload: Uint8Array,
  asking: Asking,
): Promise<string[]> {
  return askSizes(tools, ['-protocol_whitelist', 'pipe', '-f', 'nut', 'pipe:0'], payload, picture, asking);
}

function askSizes(
  tools: FfmpegTools,
  input: readonly string[],
  payload: Uint8Array | null,
  { width, height }: Picture,
  { timeoutMs, signal }: Asking,
): Promise<string[]> {
  const args = ['-v', 'quiet', '-show_entries', 'frame=width,height', '-of', 'csv=p=0', ...input];
  const ffprobe = spawn(tools.ffprobe, args, {
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    ...(tools.probeEnv ? { env: tools.probeEnv } : {}),
    ...(signal ? { signal } : {}),
  });
  ffprobe.stdin.on('error', () => {}); // EPIPE: it has seen enough, or nothing
  ffprobe.stdin.end(payload ?? undefined);
  const sizes = new Set<string>();
  createInterface(ffprobe.stdout).on('line', (line) => {
    // Side data follow in the same line, or in one of their own.
    const [, w, h] = /^(\d+),(\d+)/.exec(line) ?? [];
    if (w && h && sizes.size < MAX_SIZES && (Number(w) !== width || Number(h) !== height)) sizes.add(`${w}x${h}`);
  });
  return new Promise((resolve) => {
    ffprobe.once('error', () => resolve([...sizes]));
    ffprobe.once('close', () => resolve([...sizes]));
  });
}
