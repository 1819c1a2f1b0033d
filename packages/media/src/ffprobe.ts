import { execFile } from 'node:child_process';
import { DailiesError } from '@dailies/contracts';
import { readFailed, tellsOfReadError } from './read-errors.ts';
import { SAFE_INPUT } from './safety.ts';
import type { FfmpegTools } from './tools.ts';

export interface ProbedStream {
  readonly index: number;
  readonly codec_type?: string;
  readonly codec_name?: string;
  readonly width?: number;
  readonly height?: number;
  readonly pix_fmt?: string;
  readonly sample_rate?: string;
  readonly color_range?: string;
  readonly color_space?: string;
  readonly color_primaries?: string;
  readonly color_transfer?: string;
  readonly sample_aspect_ratio?: string;
  readonly time_base?: string;
  readonly start_pts?: number;
  readonly duration_ts?: number;
  readonly avg_frame_rate?: string;
  readonly nb_frames?: string;
  readonly disposition?: Readonly<Record<string, number>>;
  readonly side_data_list?: ReadonlyArray<Readonly<Record<string, unknown>>>;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface Probed {
  readonly streams: readonly ProbedStream[];
  readonly format: {
    readonly format_name: string;
    readonly duration?: string;
    readonly start_time?: string;
    readonly tags?: Readonly<Record<string, string>>;
  };
}

const ENDED_FROM_OUTSIDE: ReadonlySet<string> = new Set(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL']);
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/**
 * What ffprobe says of a file, as JSON. Run directly and not through fluent-ffmpeg: its `ffprobe` has neither a time
 * limit nor a way to kill, and reads a line format that hostile metadata can imitate (docs/decisions/0004).
 * @throws DailiesError IO_FAILED, RECORDING_UNREADABLE with ffprobe's own words, RECORDING_FORMAT_REFUSED, FFMPEG_TIMEOUT, FFMPEG_FAILED when it was ended from
 *   outside, ABORTED
 */
export function ffprobe(
  tools: FfmpegTools,
  path: string,
  options: { timeoutMs: number; signal?: AbortSignal | undefined; probing?: readonly string[] },
): Promise<Probed> {
  const args = [
    '-v',
    'error',
    ...(options.probing ?? []),
    ...SAFE_INPUT,
    '-of',
    'json',
    '-show_streams',
    '-show_format',
    path,
  ];
  return new Promise((resolve, reject) => {
    execFile(
      tools.ffprobe,
      args,
      {
        timeout: options.timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: MAX_OUTPUT_BYTES,
        ...(tools.probeEnv ? { env: tools.probeEnv } : {}),
        ...(options.signal ? { signal: options.signal } : {}),
      },
      (error, stdout, stderr) => {
        const said = stderr.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
        if (options.signal?.aborted)
          return reject(new DailiesError('ABORTED', 'Stopped while a recording was probed.'));
        if (error?.killed)
          return reject(
            new DailiesError(
              'FFMPEG_TIMEOUT',
              `ffprobe took more than ${options.timeoutMs / 1000} s to read the file, so it was ended.`,
            ),
          );
        // Ctrl-C and a stopping system signal our children too; that says nothing about the file.
        if (error?.signal && ENDED_FROM_OUTSIDE.has(error.signal))
          return reject(
            new DailiesError(
              'FFMPEG_FAILED',
              `ffprobe was ended from outside (${error.signal}) while it read the file.`,
            ),
          );
        const unread = stderr.split('\n').find((line) => tellsOfReadError(line, path, null));
        if (unread) return reject(readFailed(path, unread, error ?? undefined));
        let probed: Partial<Probed> = {};
        try {
          probed = JSON.parse(stdout) as Partial<Probed>;
        } catch {
          // an empty or cut answer: ffprobe's error line tells why
        }
        const refused = /^\[(\S+) @ [^\]]*\] Format not on whitelist/m.exec(stderr)?.[1];
        if (error && refused)
          return reject(
            new DailiesError('RECORDING_FORMAT_REFUSED', `The container "${refused}" is not one that Dailies opens.`),
          );
        if (error || !probed.format || !probed.streams) {
          return reject(
            new DailiesError(
              'RECORDING_UNREADABLE',
              `ffprobe cannot read the file: ${said || error?.message || 'no answer'}`,
              { cause: error ?? undefined, details: { stderr: said } },
            ),
          );
        }
        resolve(probed as Probed);
      },
    );
  });
}
