/** Thrown when the bytes at hand end before the field does. */
export const MORE = Symbol('more bytes needed');

/** Reads the field types of NUT from a buffer that grows. Types: FFmpeg's doc/nut.texi and nut.txt (`v`, `s`, `vb`). */
export class Cursor {
  buffer: Buffer = Buffer.alloc(0);
  at = 0;

  get left(): number {
    return this.buffer.length - this.at;
  }

  /** Adds bytes behind those that are left. They are kept, not copied, when nothing is left. */
  append(bytes: Buffer): void {
    this.buffer = this.left > 0 ? Buffer.concat([this.buffer.subarray(this.at), bytes]) : bytes;
    this.at = 0;
  }

  /** @throws MORE when there are fewer bytes */
  need(bytes: number): void {
    if (this.left < bytes) throw MORE;
  }

  u8(): number {
    this.need(1);
    return this.buffer[this.at++] as number;
  }

  u64(): bigint {
    this.need(8);
    this.at += 8;
    return this.buffer.readBigUInt64BE(this.at - 8);
  }

  skip(bytes: number): void {
    this.need(bytes);
    this.at += bytes;
  }

  /** Unsigned, 7 bits a byte, most significant first; exact up to 2^53. */
  v(): number {
    let value = 0;
    for (;;) {
      const byte = this.u8();
      value = value * 128 + (byte & 0x7f);
      if (byte < 0x80) return value;
    }
  }

  /** Signed: coded as 0, 1, -1, 2, -2, … */
  s(): number {
    const coded = this.v() + 1;
    return coded & 1 ? -Math.floor(coded / 2) : Math.floor(coded / 2);
  }

  /** A length, then as many bytes. */
  vb(): Uint8Array {
    const length = this.v();
    this.need(length);
    const bytes = Uint8Array.from(this.buffer.subarray(this.at, this.at + length));
    this.at += length;
    return bytes;
  }
}
