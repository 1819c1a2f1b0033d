/**
 * Constants of the NUT container. Source: "NUT Open Container Format", FFmpeg's doc/nut.texi and the specification it
 * names (nut.txt, version 20130327). Start codes are 64-bit, big endian.
 */
export const FILE_ID = 'nut/multimedia container\0';
export const STARTCODE = {
  main: 0x4e4d7a561f5f04adn,
  stream: 0x4e5311405bf2f9dbn,
  syncpoint: 0x4e4be4adeeca4569n,
  index: 0x4e58dd672f23e64en,
  info: 0x4e49ab68b596ba78n,
} as const;

export const FLAG = {
  key: 1,
  eor: 2,
  codedPts: 8,
  streamId: 16,
  sizeMsb: 32,
  checksum: 64,
  reserved: 128,
  sideData: 256,
  headerIdx: 1024,
  matchTime: 2048,
  coded: 4096,
  invalid: 8192,
} as const;

/** First byte of every start code; no frame may use it as its frame code. */
export const N = 0x4e;

/** One row of the frame-code table of a NUT main header. */
export interface FrameCode {
  readonly flags: number;
  readonly stream: number;
  readonly ptsDelta: number;
  readonly sizeMul: number;
  readonly sizeLsb: number;
  readonly reservedCount: number;
  readonly headerIdx: number;
}

/** What a NUT stream says of its (first) stream. */
export interface NutHeader {
  /** Four characters as the container has them, e.g. `H264`, `I420`. */
  readonly fourcc: Uint8Array;
  readonly timeBase: { readonly num: number; readonly den: number };
  /** The codec's setup data: avcC, SPS/PPS, … or empty. */
  readonly extradata: Uint8Array;
  readonly decodeDelay: number;
  readonly width: number;
  readonly height: number;
  readonly sampleAspect: { readonly num: number; readonly den: number };
}

/** CRC-32 as NUT has it: polynomial 0x04C11DB7, most significant bit first, initial value 0. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});

export function crc32Nut(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) ^ (CRC_TABLE[((crc >>> 24) ^ byte) & 0xff] as number)) >>> 0;
  return crc;
}
