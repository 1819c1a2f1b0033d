import { Writable } from 'node:stream';
import { DailiesError } from '@dailies/contracts';
import { runFfmpeg } from './run.ts';
import { SAFE_INPUT } from './safety.ts';
import type { Source } from './source.ts';
import type { FfmpegTools } from './tools.ts';

/** One packet as ffmpeg's `framecrc` muxer lists it; times are ticks of its stream's time base. */
export interface ListedPacket {
  readonly stream: number;
  readonly dts: number;
  /** Null where the container has none (AVI with B-frames). */
  readonly pts: number | null;
  readonly duration: number;
  readonly size: number;
  /** Adler-32 of the payload, as printed. */
  readonly checksum: string;
  readonly key: boolean;
  /** Decoded for others, not shown: an edit list cuts it away. */
  readonly discard: boolean;
}

export interface ListedStream {
  readonly timeBase: { readonly num: number; readonly den: number };
}

const KEY = 1;
const DISCARD = 4;
/** AV_NOPTS_VALUE as it is printed. */
const NO_PTS = '-9223372036854775808';

/**
 * Lists packets of a file in the order of the container, without decoding: `ffmpeg -c copy -f framecrc`. Streamed, so
 * memory does not depend on the length. Format: libavformat/framecrcenc.c — `#tb i: n/d` lines, then
 * `stream, dts, pts, duration, size, checksum[, F=flags][, S=side data…]`, flags left out when they are just "key".
 * @param maps ffmpeg stream specifiers, e.g. `0:v:0`
 */
export async function listPackets(
  tools: FfmpegTools,
  file: Pick<Source, 'path' | 'probing' | 'clock'>,
  maps: readonly string[],
  onPacket: (packet: ListedPacket) => void,
  options: { signal?: AbortSignal | undefined; timeoutMs: number },
): Promise<ListedStream[]> {
  const streams: ListedStream[] = [];
  let rest = '';
  const line = (text: string): void => {
    if (text.startsWith('#tb ')) {
      const found = /^#tb (\d+): (\d+)\/(\d+)/.exec(text);
      if (found) streams[Number(found[1])] = { timeBase: { num: Number(found[2]), den: Number(found[3]) } };
    } else if (text !== '' && !text.startsWith('#')) onPacket(parsePacket(text));
  };
  const target = new Writable({
    autoDestroy: false,
    emitClose: false,
    write(chunk: Buffer, _encoding, done) {
      const lines = (rest + chunk.toString('latin1')).split('\n');
      rest = lines.pop() ?? '';
      try {
        lines.forEach(line);
        done();
      } catch (thrown) {
        done(thrown as Error);
      }
    },
    final(done) {
      line(rest);
      done();
    },
  });
  await runFfmpeg({
    tools,
    inputs: [{ options: ['-copyts', ...file.clock, ...file.probing, ...SAFE_INPUT], source: file.path }],
    reads: file.path,
    output: [...maps.flatMap((map) => ['-map', map]), '-c', 'copy', '-copyinkf', '-copypriorss', '1', '-f', 'framecrc'],
    target,
    timeoutMs: options.timeoutMs,
    signal: options.signal,
    purpose: 'list the packets of the recording',
  });
  return streams;
}

export function parsePacket(text: string): ListedPacket {
  const fields = text.split(',').map((field) => field.trim());
  const [stream, dts, pts, duration, size, checksum] = fields;
  const marked = fields.find((field) => field.startsWith('F='));
  const flags = marked ? Number(marked.slice(2)) : KEY;
  if (checksum === undefined || !Number.isInteger(flags))
    throw new DailiesError('FFMPEG_FAILED', `A line of ffmpeg's packet list is not understood: ${text.slice(0, 120)}`);
  return {
    stream: Number(stream),
    dts: Number(dts),
    pts: pts === NO_PTS || pts === 'NOPTS' ? null : Number(pts),
    duration: Number(duration),
    size: Number(size),
    checksum,
    key: (flags & KEY) !== 0,
    discard: (flags & DISCARD) !== 0,
  };
}
