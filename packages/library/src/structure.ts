import type { FileHandle } from 'node:fs/promises';
import { openRegular, readAt } from './fingerprint.ts';

/**
 * What the structure of a file says of its being whole, from a few box or chunk headers alone:
 * `complete` — everything that its headers announce is there, and nothing can follow; `incomplete` — something that they
 * announce is missing; `unknown` — the format does not tell (fragmented MP4, Matroska, MPEG-TS …), or it is no such file.
 */
export type Structure = 'complete' | 'incomplete' | 'unknown';

/** Enough for any plain MP4; a file with more top-level boxes is fragmented or made to waste time. */
const MAX_BOXES = 256;

/** Top-level boxes that an MP4 or MOV may begin with. */
const FIRST_BOXES: ReadonlySet<string> = new Set([
  'ftyp',
  'mdat',
  'moov',
  'free',
  'skip',
  'wide',
  'pnot',
  'styp',
  'uuid',
]);

/** @throws DailiesError and system errors as `describe` does */
export async function structureOf(file: string): Promise<Structure> {
  const handle = await openRegular(file);
  try {
    const { size, blocks } = await handle.stat();
    if (size === 0) return 'incomplete';
    const verdict = await byFormat(handle, size);
    // Some copiers reserve the whole size first, so that the headers look satisfied while the file is full of holes.
    const holes = size > 1024 * 1024 && blocks * 512 < size * 0.9;
    return verdict === 'complete' && holes ? 'unknown' : verdict;
  } finally {
    await handle.close();
  }
}

async function byFormat(handle: FileHandle, size: number): Promise<Structure> {
  const head = await readAt(handle, 0, 16);
  if (head.length >= 8 && FIRST_BOXES.has(head.toString('latin1', 4, 8))) return mp4Structure(handle, size);
  if (head.subarray(0, 3).equals(JPEG_START)) return jpegStructure(handle, size);
  if (head.subarray(0, 8).equals(PNG_START)) return pngStructure(handle, size);
  if (head.toString('latin1', 0, 4) === 'RIFF' && head.toString('latin1', 8, 12) === 'WEBP')
    return webpStructure(head, size);
  return 'unknown';
}

interface Box {
  readonly type: string;
  readonly end: number;
  readonly bodyAt: number;
  /** Size 0: the box reaches to the end of the file, whatever that is in the end. */
  readonly open: boolean;
}

/** The box header at `at`: ISO/IEC 14496-12, 4.2 (32-bit size, type, and a 64-bit size when the first one is 1). */
async function readBox(handle: FileHandle, at: number, limit: number): Promise<Box | null> {
  const header = await readAt(handle, at, Math.min(16, limit - at));
  if (header.length < 8) return null;
  const short = header.readUInt32BE(0);
  const type = header.toString('latin1', 4, 8);
  if (short === 0) return { type, end: limit, bodyAt: at + 8, open: true };
  if (short !== 1) return short < 8 ? null : { type, end: at + short, bodyAt: at + 8, open: false };
  if (header.length < 16) return null;
  const long = Number(header.readBigUInt64BE(8));
  return long < 16 ? null : { type, end: at + long, bodyAt: at + 16, open: false };
}

/**
 * A plain MP4 is complete when its top-level boxes cover the file exactly and one of them is a `moov` without `mvex`.
 * While ffmpeg records, the file ends in an open or oversized `mdat`; `moov` comes last.
 */
async function mp4Structure(handle: FileHandle, size: number): Promise<Structure> {
  let hasIndex = false;
  let at = 0;
  for (let boxes = 0; at < size; boxes++) {
    if (boxes === MAX_BOXES) return 'unknown';
    const box = await readBox(handle, at, size);
    // A header that is cut off or nonsense: perhaps the next bytes are on their way, perhaps it is padding.
    if (!box) return hasIndex ? 'unknown' : 'incomplete';
    if (box.end > size) return 'incomplete';
    if (box.type === 'moof') return 'unknown';
    if (box.type === 'moov') {
      if (await hasChild(handle, box, 'mvex')) return 'unknown';
      hasIndex = true;
    }
    // An open box may still grow: only what stands before it is certain.
    if (box.open) return hasIndex ? 'unknown' : 'incomplete';
    at = box.end;
  }
  return hasIndex ? 'complete' : 'incomplete';
}

async function hasChild(handle: FileHandle, parent: Box, type: string): Promise<boolean> {
  let at = parent.bodyAt;
  for (let boxes = 0; at < parent.end && boxes < MAX_BOXES; boxes++) {
    const box = await readBox(handle, at, parent.end);
    if (!box) return false;
    if (box.type === type) return true;
    at = box.end;
  }
  return false;
}

const JPEG_START = Buffer.from([0xff, 0xd8, 0xff]);
/** ITU-T T.81: end of image. */
const JPEG_END = Buffer.from([0xff, 0xd9]);

/** Cameras append things after the end marker, so its absence proves nothing. */
async function jpegStructure(handle: FileHandle, size: number): Promise<Structure> {
  return (await readAt(handle, size - 2, 2)).equals(JPEG_END) ? 'complete' : 'unknown';
}

const PNG_START = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** PNG (W3C, 11.2.5): the empty IEND chunk with its CRC. */
const PNG_END = Buffer.from([0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82]);

async function pngStructure(handle: FileHandle, size: number): Promise<Structure> {
  return (await readAt(handle, Math.max(0, size - 12), 12)).equals(PNG_END) ? 'complete' : 'unknown';
}

/** WebP container specification: RIFF size + 8 is the size of the file (an odd size is padded by one byte). */
function webpStructure(head: Buffer, size: number): Structure {
  const announced = head.readUInt32LE(4) + 8;
  if (announced > size) return 'incomplete';
  return size - announced <= 1 ? 'complete' : 'unknown';
}
