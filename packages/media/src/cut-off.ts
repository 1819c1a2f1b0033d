import { type FileHandle, open } from 'node:fs/promises';
import { EBML } from './sniff.ts';

/** More boxes than that are made to waste time. */
const MAX_BOXES = 100_000;

/**
 * How many bytes a file lacks of what its own headers announce: the recorder or a copy was broken off. 0 when nothing is
 * missing, or when the format does not tell (MPEG-TS, live Matroska).
 *
 * Headers: MP4 boxes (ISO/IEC 14496-12, 4.2), the Matroska Segment (RFC 9559, 5.1), RIFF chunks of AVI.
 */
export async function missingBytes(path: string): Promise<number> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const head = await readAt(file, 0, 64);
    if (head.length < 12) return 0;
    if (head.readUInt32BE(0) === EBML) return Math.max(0, matroskaEnd(head) - size);
    if (head.toString('latin1', 0, 4) === 'RIFF') return Math.max(0, 8 + head.readUInt32LE(4) - size);
    return FIRST_BOXES.has(head.toString('latin1', 4, 8)) ? Math.max(0, (await boxesEnd(file, size)) - size) : 0;
  } finally {
    await file.close();
  }
}

const FIRST_BOXES: ReadonlySet<string> = new Set(['ftyp', 'mdat', 'moov', 'free', 'skip', 'wide', 'styp']);
const SEGMENT = 0x18538067;

async function readAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, at);
  return bytes.subarray(0, bytesRead);
}

/** Where the last top-level box says that it ends. */
async function boxesEnd(file: FileHandle, size: number): Promise<number> {
  let at = 0;
  for (let boxes = 0; at + 8 <= size && boxes < MAX_BOXES; boxes++) {
    const header = await readAt(file, at, 16);
    const short = header.readUInt32BE(0);
    if (short === 1 && header.length < 16) return size;
    const length = short === 1 ? Number(header.readBigUInt64BE(8)) : short === 0 ? size - at : short;
    if (length < 8) return size;
    at += length;
  }
  return at;
}

/** Where the Segment ends; 0 when its size is not known, or when it does not follow the EBML header at once. */
function matroskaEnd(head: Buffer): number {
  const header = vint(head, 4);
  if (!header) return 0;
  const at = header.end + header.value;
  if (at + 12 > head.length || head.readUInt32BE(at) !== SEGMENT) return 0;
  const segment = vint(head, at + 4);
  return segment && !segment.unknown ? segment.end + segment.value : 0;
}

/** An EBML size (RFC 8794, 4): the position of the first set bit tells the length; all further bits set means unknown. */
function vint(bytes: Buffer, at: number): { value: number; unknown: boolean; end: number } | null {
  const first = bytes[at] ?? 0;
  const length = Math.clz32(first) - 23;
  if (first === 0 || at + length > bytes.length) return null;
  let value = first & (0xff >> length);
  let unknown = value === 0xff >> length;
  for (let i = 1; i < length; i++) {
    value = value * 256 + (bytes[at + i] as number);
    unknown &&= bytes[at + i] === 0xff;
  }
  return { value, unknown, end: at + length };
}
