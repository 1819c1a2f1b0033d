import { DailiesError } from '@dailies/contracts';
import { Cursor, MORE } from './cursor.ts';
import { FILE_ID, FLAG, type FrameCode, N, type NutHeader, STARTCODE } from './format.ts';
import { readFrameCodes } from './frame-codes.ts';

/** One frame's header; `size` bytes of payload follow it. `prefix` are bytes elided from the payload's front. */
export interface NutFrame {
  /** Ticks of the header's time base. */
  readonly pts: number;
  readonly key: boolean;
  readonly size: number;
  readonly prefix: Uint8Array;
}

/** Who receives a NUT stream. Calls come strictly in order. */
export interface NutSink {
  header(header: NutHeader): void;
  /** A frame begins: returns where its payload goes (`prefix.length + size` bytes), or null to have it skipped. */
  frame(frame: NutFrame): Uint8Array | null;
  /** Its payload is complete. Not called for a skipped frame. */
  frameEnd(frame: NutFrame): void;
}

const NOTHING = new Uint8Array(0);
const NO_BYTES = Buffer.alloc(0);
/** No header of a stream that we read is larger; a larger claim is damage or malice. */
const MAX_PENDING = 4 * 1024 * 1024;

function damaged(what: string): DailiesError {
  return new DailiesError('FFMPEG_FAILED', `The NUT stream from ffmpeg is damaged: ${what}.`);
}

/**
 * Reads a NUT stream of one video stream as ffmpeg writes it, incrementally: payloads are copied once, straight to
 * where the sink wants them. Checksums are not verified (both ends share one machine and one pipe).
 */
export class NutReader {
  readonly #sink: NutSink;
  readonly #in = new Cursor();
  #codes: FrameCode[] = [];
  #elision: Uint8Array[] = [NOTHING];
  #timeBases: { num: number; den: number }[] = [];
  #streamTimeBase = 0;
  #msbShift = 0;
  #lastPts = 0;
  #started = false;
  #headed = false;
  #current: { frame: NutFrame; target: Uint8Array | null; filled: number } | null = null;

  constructor(sink: NutSink) {
    this.#sink = sink;
  }

  /** Feeds some bytes; the sink has seen all that they complete when it returns. */
  write(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0 || this.#in.left > 0 || this.#isWhole()) {
      if (this.#current) {
        rest = this.#fill(rest);
        if (!this.#isWhole()) return;
        const { frame, target } = this.#current;
        this.#current = null;
        if (target) this.#sink.frameEnd(frame);
        continue;
      }
      if (rest.length > 0) {
        this.#in.append(rest);
        rest = NO_BYTES;
        if (this.#in.left > MAX_PENDING + chunk.length) throw damaged('a header does not end');
      }
      const before = this.#in.at;
      try {
        this.#element();
      } catch (thrown) {
        if (thrown !== MORE) throw thrown;
        this.#in.at = before;
        return;
      }
    }
  }

  /**
   * Where the next bytes of the stream may be put without a copy: the rest of the current frame's target, or null when
   * the parser wants them through `write`. What was put there is told by `advance`.
   */
  direct(): Uint8Array | null {
    const current = this.#current;
    if (!current?.target || this.#in.left > 0) return null;
    return current.target.subarray(current.filled, current.frame.prefix.length + current.frame.size);
  }

  advance(bytes: number): void {
    if (!this.#current) throw new Error('advance() without direct()');
    this.#current.filled += bytes;
    if (this.#isWhole()) this.write(NO_BYTES);
  }

  /** To be called at the end of the stream. @throws DailiesError when it ends inside a frame */
  end(): void {
    if (this.#current || this.#in.left > 0) throw damaged('it ends in the middle of a frame');
  }

  /** True when the current frame has all its bytes (a frame may have none). */
  #isWhole(): boolean {
    const current = this.#current;
    return current !== null && current.filled === current.frame.prefix.length + current.frame.size;
  }

  /** Copies payload into the target of the current frame, first from the pending buffer, then from `rest`. */
  #fill(rest: Buffer): Buffer {
    const current = this.#current as { frame: NutFrame; target: Uint8Array | null; filled: number };
    const wanted = current.frame.prefix.length + current.frame.size;
    const pending = this.#in.left;
    if (pending > 0) {
      const take = Math.min(pending, wanted - current.filled);
      current.target?.set(this.#in.buffer.subarray(this.#in.at, this.#in.at + take), current.filled);
      current.filled += take;
      this.#in.at += take;
    }
    const take = Math.min(rest.length, wanted - current.filled);
    if (take > 0) {
      current.target?.set(take === rest.length ? rest : rest.subarray(0, take), current.filled);
      current.filled += take;
    }
    return rest.subarray(take);
  }

  /** Parses one packet or frame header at the cursor. */
  #element(): void {
    if (!this.#started) {
      this.#in.need(FILE_ID.length);
      if (this.#in.buffer.toString('latin1', this.#in.at, this.#in.at + FILE_ID.length) !== FILE_ID)
        throw damaged('it does not begin as NUT');
      this.#in.at += FILE_ID.length;
      this.#started = true;
      return;
    }
    this.#in.need(1);
    if (this.#in.buffer[this.#in.at] === N) this.#packet();
    else this.#frame();
  }

  #packet(): void {
    const startcode = this.#in.u64();
    const forward = this.#in.v();
    if (forward > MAX_PENDING) throw damaged('a header is too large');
    if (forward > 4096) {
      this.#in.need(4);
      this.#in.at += 4;
    }
    this.#in.need(forward);
    const end = this.#in.at + forward;
    if (startcode === STARTCODE.main) this.#mainHeader();
    else if (startcode === STARTCODE.stream) {
      const header = this.#streamHeader();
      this.#in.at = end;
      if (!this.#headed) {
        this.#headed = true;
        this.#sink.header(header);
      }
    } else if (startcode === STARTCODE.syncpoint) this.#syncpoint();
    this.#in.at = end;
  }

  #mainHeader(): void {
    const version = this.#in.v();
    if (version > 3) this.#in.v();
    if (this.#in.v() !== 1) throw damaged('it has more than one stream');
    this.#in.v(); // max_distance
    this.#timeBases = Array.from({ length: this.#in.v() }, () => ({ num: this.#in.v(), den: this.#in.v() }));
    this.#codes = readFrameCodes(this.#in);
    this.#elision = [NOTHING, ...Array.from({ length: this.#in.v() }, () => this.#in.vb())];
  }

  #streamHeader(): NutHeader {
    this.#in.v(); // stream_id
    if (this.#in.v() !== 0) throw damaged('its stream is no video');
    const fourcc = this.#in.vb();
    this.#streamTimeBase = this.#in.v();
    this.#msbShift = this.#in.v();
    this.#in.v(); // max_pts_distance
    const decodeDelay = this.#in.v();
    this.#in.v(); // stream_flags
    const extradata = this.#in.vb();
    const width = this.#in.v();
    const height = this.#in.v();
    const sampleAspect = { num: this.#in.v(), den: this.#in.v() };
    const timeBase = this.#timeBases[this.#streamTimeBase];
    if (!timeBase) throw damaged('its time base is missing');
    return { fourcc, timeBase, extradata, decodeDelay, width, height, sampleAspect };
  }

  /** A syncpoint resets the PTS that later frames are coded against. */
  #syncpoint(): void {
    const coded = this.#in.v();
    const count = this.#timeBases.length;
    const from = this.#timeBases[coded % count];
    const to = this.#timeBases[this.#streamTimeBase];
    if (!from || !to) throw damaged('a syncpoint names no time base');
    const ticks = BigInt(Math.floor(coded / count)) * BigInt(from.num) * BigInt(to.den);
    // The specification rounds down here (convert_ts).
    this.#lastPts = Number(ticks / (BigInt(from.den) * BigInt(to.num)));
  }

  #frame(): void {
    const code = this.#codes[this.#in.buffer[this.#in.at++] as number];
    if (!code || code.flags & FLAG.invalid) throw damaged('an invalid frame code');
    let flags = code.flags;
    let headerIdx = code.headerIdx;
    let reserved = code.reservedCount;
    let size = code.sizeLsb;
    if (flags & FLAG.coded) flags ^= this.#in.v();
    if (flags & FLAG.streamId) this.#in.v();
    const pts = flags & FLAG.codedPts ? this.#codedPts() : this.#lastPts + code.ptsDelta;
    if (flags & FLAG.sizeMsb) size += code.sizeMul * this.#in.v();
    if (flags & FLAG.matchTime) this.#in.s();
    if (flags & FLAG.headerIdx) headerIdx = this.#in.v();
    if (flags & FLAG.reserved) reserved = this.#in.v();
    for (let i = 0; i < reserved; i++) this.#in.v();
    if (flags & FLAG.checksum) {
      this.#in.need(4);
      this.#in.at += 4;
    }
    const elided = this.#elision[headerIdx] ?? NOTHING;
    // Elision only counts for frames of up to 4096 bytes (specification: header_idx).
    const prefix = size > 4096 ? NOTHING : elided;
    const frame: NutFrame = { pts, key: (flags & FLAG.key) !== 0, size: size - prefix.length, prefix };
    this.#lastPts = pts;
    const target = this.#sink.frame(frame);
    target?.set(prefix, 0);
    this.#current = { frame, target, filled: prefix.length };
  }

  #codedPts(): number {
    const coded = this.#in.v();
    const span = 2 ** this.#msbShift;
    if (coded >= span) return coded - span;
    const delta = this.#lastPts - Math.floor((span - 1) / 2);
    return ((((coded - delta) % span) + span) % span) + delta;
  }
}
