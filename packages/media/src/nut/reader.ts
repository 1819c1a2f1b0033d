import { DailiesError } from '@dailies/contracts';
import { FILE_ID, FLAG, type FrameCode, N, type NutHeader, STARTCODE } from './format.ts';

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

/** Thrown inside the parser when the bytes at hand end before the field does. */
const MORE = Symbol('more bytes needed');
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
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;
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
    while (rest.length > 0 || this.#at < this.#buffer.length || this.#isWhole()) {
      if (this.#current) {
        rest = this.#fill(rest);
        if (!this.#isWhole()) return;
        const { frame, target } = this.#current;
        this.#current = null;
        if (target) this.#sink.frameEnd(frame);
        continue;
      }
      if (rest.length > 0) {
        this.#buffer = this.#at < this.#buffer.length ? Buffer.concat([this.#buffer.subarray(this.#at), rest]) : rest;
        this.#at = 0;
        rest = this.#buffer.subarray(this.#buffer.length);
        if (this.#buffer.length > MAX_PENDING + chunk.length) throw damaged('a header does not end');
      }
      const before = this.#at;
      try {
        this.#element();
      } catch (thrown) {
        if (thrown !== MORE) throw thrown;
        this.#at = before;
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
    if (!current?.target || this.#at < this.#buffer.length) return null;
    return current.target.subarray(current.filled, current.frame.prefix.length + current.frame.size);
  }

  advance(bytes: number): void {
    if (!this.#current) throw new Error('advance() without direct()');
    this.#current.filled += bytes;
    if (this.#isWhole()) this.write(NO_BYTES);
  }

  /** To be called at the end of the stream. @throws DailiesError when it ends inside a frame */
  end(): void {
    if (this.#current || this.#at < this.#buffer.length) throw damaged('it ends in the middle of a frame');
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
    const pending = this.#buffer.length - this.#at;
    if (pending > 0) {
      const take = Math.min(pending, wanted - current.filled);
      current.target?.set(this.#buffer.subarray(this.#at, this.#at + take), current.filled);
      current.filled += take;
      this.#at += take;
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
      this.#need(FILE_ID.length);
      if (this.#buffer.toString('latin1', this.#at, this.#at + FILE_ID.length) !== FILE_ID) throw damaged('it does not begin as NUT');
      this.#at += FILE_ID.length;
      this.#started = true;
      return;
    }
    this.#need(1);
    if (this.#buffer[this.#at] === N) return this.#packet();
    return this.#frame();
  }

  #packet(): void {
    this.#need(8);
    const startcode = this.#buffer.readBigUInt64BE(this.#at);
    this.#at += 8;
    const forward = this.#v();
    if (forward > MAX_PENDING) throw damaged('a header is too large');
    if (forward > 4096) {
      this.#need(4);
      this.#at += 4;
    }
    this.#need(forward);
    const end = this.#at + forward;
    if (startcode === STARTCODE.main) this.#mainHeader();
    else if (startcode === STARTCODE.stream) {
      const header = this.#streamHeader();
      this.#at = end;
      if (!this.#headed) {
        this.#headed = true;
        this.#sink.header(header);
      }
    } else if (startcode === STARTCODE.syncpoint) this.#syncpoint();
    this.#at = end;
  }

  #mainHeader(): void {
    const version = this.#v();
    if (version > 3) this.#v();
    if (this.#v() !== 1) throw damaged('it has more than one stream');
    this.#v(); // max_distance
    this.#timeBases = Array.from({ length: this.#v() }, () => ({ num: this.#v(), den: this.#v() }));
    this.#codes = [];
    let pts = 0;
    let mul = 1;
    let stream = 0;
    let head = 0;
    while (this.#codes.length < 256) {
      const flags = this.#v();
      let fields = this.#v();
      const take = (otherwise: () => number, read: () => number): number => (fields-- > 0 ? read() : otherwise());
      pts = take(() => pts, () => this.#s());
      mul = take(() => mul, () => this.#v());
      stream = take(() => stream, () => this.#v());
      const size = take(() => 0, () => this.#v());
      const reservedCount = take(() => 0, () => this.#v());
      const count = take(() => mul - size, () => this.#v());
      take(() => 0, () => this.#s()); // match_time_delta
      head = take(() => head, () => this.#v());
      while (fields-- > 0) this.#v();
      for (let j = 0; j < count && this.#codes.length < 256; j++) {
        if (this.#codes.length === N) {
          this.#codes.push({ flags: FLAG.invalid, stream: 0, ptsDelta: 0, sizeMul: 1, sizeLsb: 0, reservedCount: 0, headerIdx: 0 });
          j--;
          continue;
        }
        this.#codes.push({ flags, stream, ptsDelta: pts, sizeMul: mul, sizeLsb: size + j, reservedCount, headerIdx: head });
      }
    }
    const elided = this.#v();
    this.#elision = [NOTHING, ...Array.from({ length: elided }, () => this.#vb())];
  }

  #streamHeader(): NutHeader {
    this.#v(); // stream_id
    if (this.#v() !== 0) throw damaged('its stream is no video');
    const fourcc = this.#vb();
    this.#streamTimeBase = this.#v();
    this.#msbShift = this.#v();
    this.#v(); // max_pts_distance
    const decodeDelay = this.#v();
    this.#v(); // stream_flags
    const extradata = this.#vb();
    const width = this.#v();
    const height = this.#v();
    const sampleAspect = { num: this.#v(), den: this.#v() };
    const timeBase = this.#timeBases[this.#streamTimeBase];
    if (!timeBase) throw damaged('its time base is missing');
    return { fourcc, timeBase, extradata, decodeDelay, width, height, sampleAspect };
  }

  /** A syncpoint resets the PTS that later frames are coded against. */
  #syncpoint(): void {
    const coded = this.#v();
    const count = this.#timeBases.length;
    const from = this.#timeBases[coded % count];
    const to = this.#timeBases[this.#streamTimeBase];
    if (!from || !to) throw damaged('a syncpoint names no time base');
    const ticks = BigInt(Math.floor(coded / count)) * BigInt(from.num) * BigInt(to.den);
    // The specification rounds down here (convert_ts).
    this.#lastPts = Number(ticks / (BigInt(from.den) * BigInt(to.num)));
  }

  #frame(): void {
    const code = this.#codes[this.#buffer[this.#at++] as number];
    if (!code || code.flags & FLAG.invalid) throw damaged('an invalid frame code');
    let flags = code.flags;
    let headerIdx = code.headerIdx;
    let reserved = code.reservedCount;
    let size = code.sizeLsb;
    if (flags & FLAG.coded) flags ^= this.#v();
    if (flags & FLAG.streamId) this.#v();
    const pts = flags & FLAG.codedPts ? this.#codedPts() : this.#lastPts + code.ptsDelta;
    if (flags & FLAG.sizeMsb) size += code.sizeMul * this.#v();
    if (flags & FLAG.matchTime) this.#s();
    if (flags & FLAG.headerIdx) headerIdx = this.#v();
    if (flags & FLAG.reserved) reserved = this.#v();
    for (let i = 0; i < reserved; i++) this.#v();
    if (flags & FLAG.checksum) {
      this.#need(4);
      this.#at += 4;
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
    const coded = this.#v();
    const span = 2 ** this.#msbShift;
    if (coded >= span) return coded - span;
    const delta = this.#lastPts - Math.floor((span - 1) / 2);
    return ((((coded - delta) % span) + span) % span) + delta;
  }

  #need(bytes: number): void {
    if (this.#at + bytes > this.#buffer.length) throw MORE;
  }

  #v(): number {
    let value = 0;
    for (;;) {
      this.#need(1);
      const byte = this.#buffer[this.#at++] as number;
      value = value * 128 + (byte & 0x7f);
      if (byte < 0x80) return value;
    }
  }

  /** Signed: 0, 1, -1, 2, -2, … (specification: `s`). */
  #s(): number {
    const coded = this.#v() + 1;
    return coded & 1 ? -Math.floor(coded / 2) : Math.floor(coded / 2);
  }

  #vb(): Uint8Array {
    const length = this.#v();
    this.#need(length);
    const bytes = Uint8Array.from(this.#buffer.subarray(this.#at, this.#at + length));
    this.#at += length;
    return bytes;
  }
}
