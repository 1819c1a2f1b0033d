import { crc32Nut, FILE_ID, FLAG, type NutHeader, STARTCODE } from './format.ts';

/** Collects the fields of one NUT packet. */
class Fields {
  readonly #bytes: number[] = [];

  /** Variable-length unsigned integer, 7 bits a byte, most significant first; exact up to 2^53. */
  v(value: number): this {
    const groups = [value % 128];
    for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) groups.push((rest % 128) | 0x80);
    this.#bytes.push(...groups.reverse());
    return this;
  }

  /** A length, then as many bytes. */
  vb(bytes: Uint8Array): this {
    this.v(bytes.length);
    this.#bytes.push(...bytes);
    return this;
  }

  u8(value: number): this {
    this.#bytes.push(value);
    return this;
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

/** A packet with its start code, forward pointer and checksum(s). */
function packet(startcode: bigint, fields: Fields): Buffer {
  const body = fields.bytes();
  const head = new Fields().v(body.length + 4).bytes();
  const lead = Buffer.alloc(8 + head.length);
  lead.writeBigUInt64BE(startcode, 0);
  lead.set(head, 8);
  const parts: Uint8Array[] = [lead];
  if (body.length + 4 > 4096) parts.push(be32(crc32Nut(lead)));
  parts.push(body, be32(crc32Nut(body)));
  return Buffer.concat(parts);
}

function be32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

const MSB_PTS_SHIFT = 7;

/**
 * File id, main header and the header of one video stream. The time base is written exactly as given, so PTS stay the
 * ticks of the recording. Every frame code says "all fields are coded", which keeps `frameHeader` trivial.
 */
export function nutHeader(header: NutHeader): Buffer {
  const main = new Fields()
    .v(3) // version
    .v(1) // streams
    .v(65536) // max_distance
    .v(1) // time bases
    .v(header.timeBase.num)
    .v(header.timeBase.den)
    // One row for all 255 frame codes ('N' is skipped by the reader): flags, fields, pts, mul, stream, size, res, count.
    .v(FLAG.coded)
    .v(6)
    .v(0)
    .v(1)
    .v(0)
    .v(0)
    .v(0)
    .v(255)
    .v(0); // header_count_minus1: no elision headers
  const stream = new Fields()
    .v(0) // stream_id
    .v(0) // stream_class: video
    .vb(header.fourcc)
    .v(0) // time_base_id
    .v(MSB_PTS_SHIFT)
    .v(0) // max_pts_distance: every frame has a checksum
    .v(header.decodeDelay)
    .v(0) // stream_flags
    .vb(header.extradata)
    .v(header.width)
    .v(header.height)
    .v(header.sampleAspect.num)
    .v(header.sampleAspect.den)
    .v(0); // colorspace_type
  return Buffer.concat([
    Buffer.from(FILE_ID, 'latin1'),
    packet(STARTCODE.main, main),
    packet(STARTCODE.stream, stream),
  ]);
}

/**
 * Everything that stands before the payload of one frame: a syncpoint and the frame header. A syncpoint for each frame
 * keeps the distance rule of the format whatever the frames' sizes.
 * @param pts in ticks of the header's time base, not negative
 */
export function frameHeader(pts: number, size: number, key: boolean): Buffer {
  if (pts < 0) throw new RangeError(`NUT cannot hold a negative PTS (${pts})`);
  const sync = packet(STARTCODE.syncpoint, new Fields().v(pts).v(0));
  const flags = FLAG.codedPts | FLAG.sizeMsb | FLAG.checksum | (key ? FLAG.key : 0);
  // The coded flags are XORed with those of the frame code, which has only `coded`; that bit itself stays set and is harmless.
  const head = new Fields()
    .u8(0)
    .v(flags)
    .v(pts + (1 << MSB_PTS_SHIFT))
    .v(size)
    .bytes();
  return Buffer.concat([sync, head, be32(crc32Nut(head))]);
}

/** Bytes that every demuxer skips: an index packet is of no use in a stream, so nobody looks into it. */
export function nutPadding(bytes: number): Buffer {
  const head = Buffer.alloc(8);
  head.writeBigUInt64BE(STARTCODE.index);
  const lead = Buffer.concat([head, new Fields().v(bytes).bytes()]);
  return Buffer.concat([lead, be32(crc32Nut(lead)), Buffer.alloc(bytes)]);
}
