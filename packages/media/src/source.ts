import { stat } from 'node:fs/promises';
import { type ColorTags, DailiesError, type Picture, type Rational } from '@dailies/contracts';
import { missingBytes } from './cut-off.ts';
import { displayOf } from './display.ts';
import { ffprobe, type Probed, type ProbedStream } from './ffprobe.ts';
import { keepAnswers } from './kept.ts';
import { checkReadable } from './read-errors.ts';
import { CONTAINERS, LOOK_LONGER, MP4, MPEGTS, UNMOVED, WHOLE_PACKETS } from './safety.ts';
import { sniff } from './sniff.ts';
import type { FfmpegTools } from './tools.ts';

export interface Limits {
  readonly maxPixels: number;
  readonly maxDurationS: number;
  readonly maxBytes: number;
}

/** What the pipeline needs to know of a recording before it is cut. */
export interface Source {
  readonly path: string;
  readonly sizeBytes: number;
  /** Input options without which ffmpeg does not find out what the tracks are. */
  readonly probing: readonly string[];
  /** Input options without which ffmpeg moves the clock although `-copyts` says not to; an offset of ours takes their place. */
  readonly clock: readonly string[];
  /** Input options without which a last packet of sound that is cut off would come into the film. */
  readonly wholeSound: readonly string[];
  /** Index of the picture track among all streams. */
  readonly videoIndex: number;
  readonly audio: readonly { readonly index: number; readonly codec: string; readonly language: string }[];
  readonly picture: Picture;
  /** Time base of the picture track. */
  readonly timeBase: Rational;
  /** Where the picture ends, in ticks, where the container has an index that says so (MP4, MOV). */
  readonly endPts: number | null;
  /** As the container says; 0 when it does not. */
  readonly durationMs: number;
  readonly container: string;
  /** When the first packet of any track is shown, in seconds on the recording's own clock; may be negative. */
  readonly startSeconds: number;
  /** Tags that ffmpeg does not carry over by itself. */
  readonly creationTime: string | null;
  readonly videoLanguage: string | null;
  /** Things worth telling the operator: HDR, tracks that are left out. */
  readonly notes: readonly string[];
}

/** ffmpeg calls it an input/output error when a Matroska file ends within its header, which no longer file does. */
const MAX_HEAD_BYTES = 1024 * 1024;
const PROBE_TIMEOUT_MS = 60_000;
/** Tags of a hostile file may have megabytes. */
const MAX_KEPT_CHARACTERS = 65_536;
/** On one machine the watcher, the splitter and the assembler ask for the same file, and each ffprobe takes 0.1 s to start. */
const probes = keepAnswers<Probed>(16, (probed) => JSON.stringify(probed).length < MAX_KEPT_CHARACTERS);

/**
 * Reads what a recording is, and refuses what cannot or must not be processed.
 * @throws DailiesError RECORDING_EMPTY, RECORDING_NO_MOOV, RECORDING_NO_VIDEO, RECORDING_FORMAT_REFUSED,
 *   RECORDING_TOO_LARGE, RECORDING_UNREADABLE, RECORDING_GONE, IO_FAILED; system errors as they are
 */
export async function readSource(
  tools: FfmpegTools,
  path: string,
  limits: Limits,
  signal?: AbortSignal,
): Promise<Source> {
  const file = await stat(path, { bigint: true }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') throw new DailiesError('RECORDING_GONE', 'The file is not there any more.', { cause });
    throw cause;
  });
  const size = Number(file.size);
  if (size === 0) throw new DailiesError('RECORDING_EMPTY', 'The file has zero bytes.');
  if (size > limits.maxBytes)
    throw new DailiesError(
      'RECORDING_TOO_LARGE',
      `The file has ${size} bytes; the limit MAX_BYTES is ${limits.maxBytes}.`,
    );
  const seen = await sniff(path);
  if (seen === 'reference')
    throw new DailiesError(
      'RECORDING_FORMAT_REFUSED',
      'The file is a playlist or script that refers to other files; it was not opened.',
    );
  const identity = [tools.ffprobe, path, file.dev, file.ino, file.size, file.mtimeNs, file.ctimeNs];
  const probe = (probing: readonly string[]): Promise<Probed> =>
    probes.get([...identity, ...probing].join('\0'), () =>
      ffprobe(tools, path, { timeoutMs: PROBE_TIMEOUT_MS, signal, probing }),
    );
  const probed = await probe([]).catch(async (error: unknown) => {
    if (error instanceof DailiesError && error.code === 'RECORDING_UNREADABLE') await checkReadable(path);
    if (error instanceof DailiesError && error.code === 'IO_FAILED' && seen === 'matroska' && size <= MAX_HEAD_BYTES) {
      await checkReadable(path);
      throw new DailiesError(
        'RECORDING_UNREADABLE',
        'The file ends within its header: the recorder or a copy was broken off before the first picture.',
        { cause: error },
      );
    }
    if (error instanceof DailiesError && error.code === 'RECORDING_UNREADABLE' && seen === 'mp4-no-moov') {
      throw new DailiesError(
        'RECORDING_NO_MOOV',
        'The MP4 has no index (moov): the recorder was ended before it could finish the file.',
        { cause: error },
      );
    }
    throw error;
  });
  const missing = await missingBytes(path);
  const cutOff = missing > 0 ? [cutOffNote(missing)] : [];
  const known = probed.streams.every(isKnown);
  const source = toSource(path, size, known ? probed : await probe(LOOK_LONGER), limits);
  return {
    ...source,
    notes: [...cutOff, ...source.notes],
    probing: known ? [] : LOOK_LONGER,
    wholeSound: missing > 0 && source.audio.every(({ codec }) => !/pcm/.test(codec)) ? WHOLE_PACKETS : [],
  };
}

function cutOffNote(missing: number): string {
  return `it is cut off: ${missing} bytes that it announces are missing, so the film ends where the recording does; if there is a whole copy, put that here and delete this one`;
}

/** Whether ffprobe has found out what a track is. */
function isKnown(stream: ProbedStream): boolean {
  if (stream.codec_type === 'video') return Boolean(stream.pix_fmt && stream.width);
  return stream.codec_type !== 'audio' || Number(stream.sample_rate) > 0;
}

/** The pure part of `readSource`. */
export function toSource(path: string, sizeBytes: number, probed: Probed, limits: Limits): Source {
  if (!CONTAINERS.some((name) => name === probed.format.format_name)) {
    throw new DailiesError(
      'RECORDING_FORMAT_REFUSED',
      `The container "${probed.format.format_name}" is not one that Dailies opens.`,
    );
  }
  const isCover = (stream: ProbedStream): boolean => stream.disposition?.attached_pic === 1;
  const videos = probed.streams.filter((stream) => stream.codec_type === 'video' && !isCover(stream));
  const video = videos[0];
  if (!video) throw new DailiesError('RECORDING_NO_VIDEO', 'The recording has no picture track.');
  const { width, height } = video;
  if (!width || !height || !video.codec_name || !video.pix_fmt) {
    throw new DailiesError(
      'RECORDING_UNREADABLE',
      `The picture track cannot be decoded (codec ${video.codec_name ?? 'unknown'}, ${width ?? 0}x${height ?? 0}).`,
    );
  }
  if (width * height > limits.maxPixels)
    throw new DailiesError(
      'RECORDING_TOO_LARGE',
      `The picture is ${width}x${height}; the limit MAX_PIXELS is ${limits.maxPixels}.`,
    );
  const durationS = Number(probed.format.duration ?? 0) || 0;
  if (durationS > limits.maxDurationS)
    throw new DailiesError(
      'RECORDING_TOO_LARGE',
      `The recording lasts ${Math.round(durationS)} s; the limit MAX_DURATION_S is ${limits.maxDurationS}.`,
    );
  const startSeconds = Number(probed.format.start_time ?? 0) || 0;
  const display = displayOf(video);
  const color = colorOf(video);
  const upright = display.rotation % 180 === 0;
  const heard = probed.streams.filter((stream) => stream.codec_type === 'audio');
  const audio = heard.filter(isKnown).map((stream) => ({
    index: stream.index,
    codec: stream.codec_name ?? 'unknown',
    language: stream.tags?.language ?? 'und',
  }));
  const others = probed.streams.filter((stream) => stream !== video && stream.codec_type !== 'audio');
  const notes: string[] = [];
  if (videos.length > 1) notes.push(`it has ${videos.length} picture tracks; the first one is graded`);
  if (audio.length < heard.length)
    notes.push('a sound track is left out: it holds nothing by which ffmpeg can tell what it is');
  if (others.some((stream) => stream.codec_type === 'subtitle')) notes.push('its subtitles are left out');
  if (color.transfer === 'smpte2084' || color.transfer === 'arib-std-b67')
    notes.push('it is HDR; looks are made for SDR, the tags are kept as they are');
  if (width % 2 || height % 2) notes.push('its odd size is padded to an even one by repeating the last column or row');
  return {
    path,
    sizeBytes,
    probing: [],
    clock: probed.format.format_name === MPEGTS && startSeconds === 0 ? UNMOVED : [],
    wholeSound: [],
    videoIndex: video.index,
    audio,
    picture: {
      codec: video.codec_name,
      width,
      height,
      pixelFormat: video.pix_fmt,
      ...display,
      sampleAspect: rational(video.sample_aspect_ratio, ':') ?? { num: 1, den: 1 },
      frameRate: frameRateOf(video),
      color,
      filmWidth: even(upright ? width : height),
      filmHeight: even(upright ? height : width),
    },
    timeBase: rational(video.time_base, '/') ?? { num: 1, den: 90_000 },
    endPts: probed.format.format_name === MP4 && video.duration_ts ? (video.start_pts ?? 0) + video.duration_ts : null,
    durationMs: durationS * 1000,
    container: probed.format.format_name,
    startSeconds,
    creationTime: probed.format.tags?.creation_time ?? null,
    videoLanguage: video.tags?.language ?? null,
    notes,
  };
}

const even = (n: number): number => n + (n % 2);

function rational(text: string | undefined, separator: string): Rational | null {
  const [num, den] = (text ?? '').split(separator).map(Number);
  return num && den && num > 0 && den > 0 ? { num, den } : null;
}

/** 30 when the container does not say; never beyond what H.264 has levels for. */
function frameRateOf(video: ProbedStream): number {
  const rate = rational(video.avg_frame_rate, '/');
  return rate ? Math.min(300, Math.max(1, Math.ceil(rate.num / rate.den - 0.01))) : 30;
}

function colorOf(video: ProbedStream): ColorTags {
  const known = (tag: string | undefined): string | null =>
    tag && tag !== 'unknown' && tag !== 'unspecified' && tag !== 'reserved' ? tag : null;
  return {
    range: known(video.color_range),
    space: known(video.color_space),
    primaries: known(video.color_primaries),
    transfer: known(video.color_transfer),
  };
}
