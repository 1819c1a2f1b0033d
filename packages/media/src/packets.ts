import { Writable } from 'node:stream';
import { DailiesError } from '@dailies/contracts';
import { type Entry, entryOf, isShown, type NalFraming, nalFraming } from './bitstream.ts';
import { listPackets } from './framecrc.ts';
import type { NutHeader } from './nut/format.ts';
import { type NutFrame, NutReader } from './nut/reader.ts';
import { runFfmpeg } from './run.ts';
import { SAFE_INPUT } from './safety.ts';
import type { Source } from './source.ts';
import type { FfmpegTools } from './tools.ts';

/** The packets of a picture track in decoding order, as columns: some 22 bytes a packet whatever their payload. */
export class PacketTable {
  length = 0;
  /** Ticks; NaN where the container has none. */
  pts = new Float64Array(1024);
  duration = new Float64Array(1024);
  size = new Uint32Array(1024);
  #flags = new Uint8Array(1024);

  add(packet: { pts: number | null; duration: number; size: number; key: boolean; discard: boolean }): void {
    if (this.length === this.pts.length) this.#grow();
    const i = this.length++;
    this.pts[i] = packet.pts ?? Number.NaN;
    this.duration[i] = packet.duration;
    this.size[i] = packet.size;
    this.#flags[i] = (packet.key ? 1 : 0) | (packet.discard ? 2 : 0) | 4;
  }

  isKey = (i: number): boolean => ((this.#flags[i] as number) & 1) !== 0;
  isDiscarded = (i: number): boolean => ((this.#flags[i] as number) & 2) !== 0;
  /** Whether the packet decodes to a picture that is shown. */
  isShown = (i: number): boolean => ((this.#flags[i] as number) & 4) !== 0;
  /** Whether decoding can begin here. */
  isEntry = (i: number): boolean => ((this.#flags[i] as number) & 8) !== 0;

  mark(i: number, seen: { entry: boolean; shown: boolean }): void {
    this.#flags[i] = ((this.#flags[i] as number) & 3) | (seen.shown ? 4 : 0) | (seen.entry ? 8 : 0);
  }

  /** The smallest PTS, or 0 when there is none. */
  minPts(): number {
    let min = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.length; i++) if ((this.pts[i] as number) < min) min = this.pts[i] as number;
    return Number.isFinite(min) ? min : 0;
  }

  hasAllPts(): boolean {
    for (let i = 0; i < this.length; i++) if (Number.isNaN(this.pts[i])) return false;
    return true;
  }

  #grow(): void {
    const wider = <T extends Float64Array | Uint32Array | Uint8Array>(from: T, to: T): T => {
      to.set(from as never);
      return to;
    };
    const size = this.pts.length * 2;
    this.pts = wider(this.pts, new Float64Array(size));
    this.duration = wider(this.duration, new Float64Array(size));
    this.size = wider(this.size, new Uint32Array(size));
    this.#flags = wider(this.#flags, new Uint8Array(size));
  }
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
}

/** Reads the times, sizes and flags of all packets of the picture track, and its exact time base. */
export async function readPacketTable(
  tools: FfmpegTools,
  source: Source,
  options: ReadOptions,
): Promise<{ table: PacketTable; timeBase: { num: number; den: number } }> {
  const table = new PacketTable();
  const streams = await listPackets(tools, source, [`0:${source.videoIndex}`], (packet) => table.add(packet), options);
  const timeBase = streams[0]?.timeBase;
  if (!timeBase || table.length === 0)
    throw new DailiesError('RECORDING_UNREADABLE', 'The picture track holds no packets.');
  return { table, timeBase };
}

/**
 * A shift that makes all PTS non-negative (NUT holds no others): `-itsoffset` counts whole seconds here, a multiple of
 * the time base's numerator, so that it is a whole number of ticks and nothing is rounded.
 */
export function offsetFor(
  minTicks: number,
  timeBase: { num: number; den: number },
): { seconds: number; ticks: number } {
  if (minTicks >= 0) return { seconds: 0, ticks: 0 };
  const steps = Math.ceil(-minTicks / timeBase.den);
  return { seconds: steps * timeBase.num, ticks: steps * timeBase.den };
}

export interface PacketSink {
  header(header: NutHeader): void;
  /** `payload` is the sink's to keep. A returned promise holds ffmpeg back. */
  packet(index: number, payload: Buffer): void | Promise<void>;
}

/** What `nutTarget` hands on: the header, then each frame with its payload, one after another. */
export interface NutConsumer {
  header(header: NutHeader): void;
  /** `payload` is the consumer's to keep. A returned promise holds the stream back. */
  frame(frame: NutFrame, payload: Buffer): void | Promise<void>;
}

/** A Writable for a NUT stream of compressed packets, with backpressure. */
export function nutTarget(consumer: NutConsumer): Writable {
  const whole: { frame: NutFrame; payload: Buffer }[] = [];
  let payload = Buffer.alloc(0);
  const reader = new NutReader({
    header: (header) => consumer.header(header),
    frame: (frame) => {
      payload = Buffer.allocUnsafe(frame.prefix.length + frame.size);
      return payload;
    },
    frameEnd: (frame) => whole.push({ frame, payload }),
  });
  const handOn = async (chunk: Buffer): Promise<void> => {
    reader.write(chunk);
    for (const item of whole.splice(0)) {
      const held = consumer.frame(item.frame, item.payload);
      if (held) await held;
    }
  };
  return new Writable({
    autoDestroy: false,
    emitClose: false,
    highWaterMark: 1024 * 1024,
    write(chunk: Buffer, _encoding, done) {
      handOn(chunk).then(() => done(), done);
    },
    final(done) {
      try {
        reader.end();
        done();
      } catch (thrown) {
        done(thrown as Error);
      }
    },
  });
}

/** Streams the payloads of the picture track in decoding order: `ffmpeg -c copy -f nut`. */
export async function streamPackets(
  tools: FfmpegTools,
  source: Source,
  offsetSeconds: number,
  sink: PacketSink,
  options: ReadOptions,
): Promise<void> {
  let index = 0;
  await runFfmpeg({
    tools,
    inputs: [
      {
        options: [
          '-copyts',
          ...(offsetSeconds ? ['-itsoffset', String(offsetSeconds)] : source.clock),
          ...source.probing,
          ...SAFE_INPUT,
        ],
        source: source.path,
      },
    ],
    reads: source.path,
    output: ['-map', `0:${source.videoIndex}`, '-c', 'copy', '-copyinkf', '-copypriorss', '1', '-f', 'nut'],
    target: nutTarget({
      header: (header) => sink.header(header),
      frame: (_frame, payload) => sink.packet(index++, payload),
    }),
    timeoutMs: options.timeoutMs,
    signal: options.signal,
    purpose: 'read the packets of the recording',
  });
}

/** What a look into every packet finds, in decoding order: some 5 bytes a packet. */
export class PacketLook {
  length = 0;
  #size = new Uint32Array(1024);
  #seen = new Uint8Array(1024);

  add(size: number, entry: Entry, shown: boolean): void {
    if (this.length === this.#size.length) {
      const [sizes, seen] = [new Uint32Array(this.length * 2), new Uint8Array(this.length * 2)];
      sizes.set(this.#size);
      seen.set(this.#seen);
      [this.#size, this.#seen] = [sizes, seen];
    }
    this.#size[this.length] = size;
    this.#seen[this.length++] = (entry === 'clean' ? 1 : entry === 'none' ? 0 : 2) | (shown ? 4 : 0);
  }

  /**
   * Marks where decoding can begin, and which packets show a picture.
   * @throws DailiesError RECORDING_CHANGED when these are not the packets of the table
   */
  mark(table: PacketTable): void {
    if (this.length !== table.length)
      throw new DailiesError(
        'RECORDING_CHANGED',
        `The file was changed while it was read (${table.length} packets, then ${this.length}).`,
      );
    for (let i = 0; i < table.length; i++) {
      if (this.#size[i] !== table.size[i])
        throw new DailiesError('RECORDING_CHANGED', 'The file was changed while it was read.');
      const seen = this.#seen[i] as number;
      table.mark(i, { entry: (seen & 1) !== 0 || ((seen & 2) !== 0 && table.isKey(i)), shown: (seen & 4) !== 0 });
    }
  }
}

/** Looks into every packet of the picture track. */
export async function lookIntoPackets(
  tools: FfmpegTools,
  source: Source,
  offsetSeconds: number,
  options: ReadOptions,
): Promise<PacketLook> {
  const look = new PacketLook();
  const codec = source.picture.codec;
  let framing: NalFraming = { lengthSize: null };
  const sink: PacketSink = {
    header: (header) => {
      framing = nalFraming(codec, header.extradata);
    },
    packet: (_, payload) => look.add(payload.length, entryOf(codec, payload, framing), isShown(codec, payload)),
  };
  await streamPackets(tools, source, offsetSeconds, sink, options);
  return look;
}
