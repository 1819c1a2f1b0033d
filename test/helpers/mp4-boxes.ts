import { open } from 'node:fs/promises';

/**
 * Boxes of MP4 and MOV files (ISO/IEC 14496-12, section 4.2), for judging films and for making broken ones. Written for
 * the tests alone: the product reads boxes with code of its own, and neither can hide a mistake of the other.
 */
export interface Box {
  readonly type: string;
  /** Offset of the box, of its body, and of what follows it. */
  readonly at: number;
  readonly body: number;
  readonly end: number;
}

/** The boxes between two offsets; stops at what is no box. */
export function listBoxes(data: Buffer, from = 0, to = data.length): Box[] {
  const boxes: Box[] = [];
  for (let at = from; at + 8 <= to; ) {
    const short = data.readUInt32BE(at);
    const size = short === 1 ? Number(data.readBigUInt64BE(at + 8)) : short === 0 ? to - at : short;
    if (size < 8 || at + size > to) break;
    boxes.push({
      type: data.toString('latin1', at + 4, at + 8),
      at,
      body: at + (short === 1 ? 16 : 8),
      end: at + size,
    });
    at += size;
  }
  return boxes;
}

/** All boxes of a path such as `trak/mdia/minf/stbl/stss`, below the given one or in the whole buffer. */
export function findBoxes(data: Buffer, path: string, within?: Box): Box[] {
  const [first, ...rest] = path.split('/');
  const found = listBoxes(data, within?.body ?? 0, within?.end ?? data.length).filter((box) => box.type === first);
  return rest.length === 0 ? found : found.flatMap((box) => findBoxes(data, rest.join('/'), box));
}

/** The picture tracks of a movie. */
export function pictureTracks(data: Buffer): Box[] {
  return findBoxes(data, 'moov/trak').filter((trak) => findBoxes(data, 'mdia/minf/vmhd', trak).length > 0);
}

/** The sound tracks of a movie. */
export function soundTracks(data: Buffer): Box[] {
  return findBoxes(data, 'moov/trak').filter((trak) => findBoxes(data, 'mdia/minf/smhd', trak).length > 0);
}

/** A box from its type and body. */
export function makeBox(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length, 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
}

/** Full boxes begin with a version and flags; numbers after them are 32 bit, big-endian. */
export function words(...numbers: readonly number[]): Buffer {
  const data = Buffer.alloc(numbers.length * 4);
  for (const [i, number] of numbers.entries()) data.writeUInt32BE(number >>> 0, i * 4);
  return data;
}

/**
 * A copy of the file in which one box stands for another, with the sizes of all boxes around it corrected.
 * @throws when media data stands behind the box and would move: the sample tables point at it
 */
export function replaceBox(data: Buffer, old: Box, replacement: Buffer): Buffer {
  const grown = replacement.length - (old.end - old.at);
  const behind = listBoxes(data).some((box) => box.type === 'mdat' && box.at >= old.end);
  if (grown !== 0 && behind) throw new Error('the media data stands behind this box and would move');
  const copy = Buffer.concat([data.subarray(0, old.at), replacement, data.subarray(old.end)]);
  let around = listBoxes(data).filter((box) => box.at < old.at && box.end >= old.end);
  for (let box = around[0]; box; box = around[0]) {
    if (data.readUInt32BE(box.at) === 1) copy.writeBigUInt64BE(BigInt(box.end - box.at + grown), box.at + 8);
    else copy.writeUInt32BE(box.end - box.at + grown, box.at);
    around = listBoxes(data, box.body, box.end).filter((inner) => inner.at < old.at && inner.end >= old.end);
  }
  return copy;
}

/** The top-level boxes of a file with their sizes in bytes, without reading the media data; stops at what is no box. */
export async function topLevelBoxes(path: string): Promise<{ type: string; at: number; size: number }[]> {
  const file = await open(path, 'r');
  try {
    const { size: length } = await file.stat();
    const boxes: { type: string; at: number; size: number }[] = [];
    for (let at = 0; at + 8 <= length; ) {
      const head = Buffer.alloc(16);
      await file.read(head, 0, 16, at);
      const short = head.readUInt32BE(0);
      const size = short === 1 ? Number(head.readBigUInt64BE(8)) : short === 0 ? length - at : short;
      if (size < 8) break;
      boxes.push({ type: head.toString('latin1', 4, 8), at, size });
      at += size;
    }
    return boxes;
  } finally {
    await file.close();
  }
}

/** The file's `moov` as a buffer that contains this one box, or null. */
export async function readMoov(path: string): Promise<Buffer | null> {
  const moov = (await topLevelBoxes(path)).find((box) => box.type === 'moov');
  if (!moov) return null;
  const file = await open(path, 'r');
  try {
    const data = Buffer.alloc(moov.size);
    await file.read(data, 0, data.length, moov.at);
    return data;
  } finally {
    await file.close();
  }
}
