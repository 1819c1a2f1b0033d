import type { Build } from './builds.ts';
import { mustRun } from './builds.ts';

/**
 * What ffprobe says about a file, as the tests need it. Exact times are whole ticks of the stream's time base. Reads the
 * output of old and new builds alike: fields of frames were renamed in 2022 (`pkt_pts` → `pts`).
 */
export interface Description {
  readonly streams: readonly Stream[];
  readonly format: {
    readonly format_name?: string;
    readonly start_time?: string;
    readonly duration?: string;
    readonly tags?: Tags;
  };
  readonly chapters?: readonly { readonly start_time: string; readonly end_time: string; readonly tags?: Tags }[];
}

export type Tags = Readonly<Record<string, string>>;

export interface Stream {
  readonly index: number;
  readonly codec_type: string;
  readonly codec_name?: string;
  readonly profile?: string;
  readonly pix_fmt?: string;
  readonly width?: number;
  readonly height?: number;
  readonly sample_aspect_ratio?: string;
  readonly color_range?: string;
  readonly color_space?: string;
  readonly color_primaries?: string;
  readonly color_transfer?: string;
  readonly time_base: string;
  readonly start_pts?: number;
  readonly duration_ts?: number;
  readonly disposition?: Readonly<Record<string, number>>;
  readonly tags?: Tags;
  readonly side_data_list?: readonly { readonly rotation?: number }[];
}

export interface Packet {
  readonly stream: number;
  readonly pts: number | null;
  readonly dts: number | null;
  readonly duration: number | null;
  readonly key: boolean;
  /** Decoded, but never shown: before the start of an edit list. */
  readonly discard: boolean;
  readonly md5: string;
  /** Samples at its start and end that are decoded but not played, as of encoder priming. */
  readonly skipped: string;
}

export interface Frame {
  readonly pts: number;
  readonly key: boolean;
  /** `I`, `P`, `B`, or `?`. */
  readonly type: string;
}

type Json = Record<string, unknown>;

async function ask(build: Build, path: string, ...args: string[]): Promise<Json> {
  const output = await mustRun(build.ffprobe, ['-v', 'error', '-of', 'json', ...args, path]);
  return JSON.parse(output.toString('utf8') || '{}') as Json;
}

/** Streams, container and chapters. @throws when ffprobe cannot read the file */
export async function describe(build: Build, path: string): Promise<Description> {
  const answer = await ask(build, path, '-show_streams', '-show_format', '-show_chapters');
  if (!Array.isArray(answer.streams) || !answer.format) throw new Error(`ffprobe says nothing about ${path}`);
  return answer as unknown as Description;
}

/** All packets of all streams in the order of the file, each with the hash of its bytes. */
export async function listPackets(build: Build, path: string): Promise<Packet[]> {
  const entries = 'packet=stream_index,pts,dts,duration,flags,data_hash:packet_side_data=skip_samples,discard_padding';
  const answer = await ask(build, path, '-show_data_hash', 'md5', '-show_entries', entries);
  return ((answer.packets ?? []) as Json[]).map((packet) => ({
    stream: Number(packet.stream_index),
    pts: tick(packet.pts),
    dts: tick(packet.dts),
    duration: tick(packet.duration),
    key: String(packet.flags).includes('K'),
    discard: String(packet.flags).includes('D'),
    md5: String(packet.data_hash),
    skipped: skippedSamples(packet.side_data_list),
  }));
}

/**
 * The frames that a player shows of one stream, in the order of showing, by decoding them. A frame that comes without any
 * time (the last one of an AVI with B-frames) follows the one before it at the distance of the two before, as ffmpeg plays it.
 */
export async function listFrames(build: Build, path: string, stream: number): Promise<Frame[]> {
  const entries = 'frame=pts,pkt_pts,best_effort_timestamp,pict_type,key_frame';
  const answer = await ask(build, path, '-select_streams', String(stream), '-show_entries', entries);
  const frames: Frame[] = [];
  for (const frame of (answer.frames ?? []) as Json[]) {
    const [last, before] = [frames.at(-1)?.pts, frames.at(-2)?.pts];
    const guess = last === undefined ? 0 : last + (before === undefined ? 1 : last - before);
    const pts = tick(frame.pts) ?? tick(frame.pkt_pts) ?? tick(frame.best_effort_timestamp) ?? guess;
    frames.push({ pts, key: frame.key_frame === 1, type: String(frame.pict_type ?? '?') });
  }
  return frames;
}

/** Sound or picture streams, without cover pictures. */
export function streamsOf(description: Description, type: 'video' | 'audio'): Stream[] {
  return description.streams.filter((stream) => stream.codec_type === type && !stream.disposition?.attached_pic);
}

/** Degrees counter-clockwise by which a player turns the picture, 0 to 359. */
export function rotationOf(stream: Stream): number {
  const turned = stream.side_data_list?.find((side) => side.rotation !== undefined)?.rotation ?? 0;
  return ((Math.round(turned) % 360) + 360) % 360;
}

function tick(value: unknown): number | null {
  return value === undefined || value === 'N/A' ? null : Number(value);
}

function skippedSamples(list: unknown): string {
  const [side] = (list ?? []) as { skip_samples?: number | string; discard_padding?: number | string }[];
  return side?.skip_samples === undefined ? '' : `${side.skip_samples}+${side.discard_padding ?? 0}`;
}
