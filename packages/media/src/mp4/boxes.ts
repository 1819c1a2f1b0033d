/** ISO base media boxes (ISO/IEC 14496-12, 4.2): 32-bit size, four characters, content. */
export interface Box {
  readonly type: string;
  /** Where the box begins in its buffer. */
  readonly at: number;
  /** Its content, without size and type. */
  readonly body: Buffer;
}

/** The boxes that stand one after another in a buffer. Ends at the first that does not fit. */
export function* boxesOf(buffer: Buffer): Generator<Box> {
  for (let at = 0; at + 8 <= buffer.length; ) {
    let size = buffer.readUInt32BE(at);
    let head = 8;
    if (size === 1 && at + 16 <= buffer.length) {
      size = Number(buffer.readBigUInt64BE(at + 8));
      head = 16;
    } else if (size === 0) size = buffer.length - at;
    if (size < head || at + size > buffer.length) return;
    yield { type: buffer.toString('latin1', at + 4, at + 8), at, body: buffer.subarray(at + head, at + size) };
    at += size;
  }
}

/** The first box at a path such as `moov/trak/mdia/mdhd`. */
export function findBox(buffer: Buffer, path: string): Box | null {
  let inside = buffer;
  let found: Box | null = null;
  for (const type of path.split('/')) {
    found = null;
    for (const box of boxesOf(inside)) {
      if (box.type === type) {
        found = box;
        break;
      }
    }
    if (!found) return null;
    inside = found.body;
  }
  return found;
}

export function box(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const size = parts.reduce((sum, part) => sum + part.length, 8);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(size, 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, ...parts]);
}

/** A box with version and flags. */
export function fullBox(type: string, version: number, flags: number, ...parts: readonly Uint8Array[]): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(version * 2 ** 24 + flags);
  return box(type, head, ...parts);
}
