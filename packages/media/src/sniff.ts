import { open } from 'node:fs/promises';

/**
 * What the first bytes (and, for MP4, the box headers) of a file give away:
 * `reference` — text that points at other files (playlists, concat scripts, session descriptions);
 * `mp4-no-moov` — an MP4 without its index; `matroska` — MKV or WebM; `other` — anything else, ffprobe decides.
 */
export type Sniffed = 'reference' | 'mp4-no-moov' | 'matroska' | 'other';

const REFERENCES = [
  /^\s*#EXTM3U/,
  /^\s*ffconcat version/i,
  /^\s*file\s+['"/\w]/i,
  /^\s*<\?xml[\s\S]*<MPD/i,
  /^\s*<MPD/i,
  /^\s*v=0\r?\n/,
  /^\s*\[playlist\]/i,
  /^\s*<(smil|asx|SmoothStreamingMedia)/i,
];
/** What Matroska begins with (RFC 8794, 11.2.1). */
export const EBML = 0x1a45dfa3;
const MAX_BOXES = 100_000;

export async function sniff(path: string): Promise<Sniffed> {
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(2048);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    const text = head.toString('latin1', 0, bytesRead).replace(/^\xef\xbb\xbf/, '');
    if (REFERENCES.some((form) => form.test(text))) return 'reference';
    if (bytesRead >= 4 && head.readUInt32BE(0) === EBML) return 'matroska';
    const kind = head.toString('latin1', 4, 8);
    if (kind !== 'ftyp' && kind !== 'mdat' && kind !== 'free' && kind !== 'wide' && kind !== 'styp') return 'other';
    const { size } = await file.stat();
    for (let at = 0, boxes = 0; at + 8 <= size && boxes < MAX_BOXES; boxes++) {
      const box = Buffer.alloc(16);
      await file.read(box, 0, 16, at);
      if (box.toString('latin1', 4, 8) === 'moov') return 'other';
      const short = box.readUInt32BE(0);
      const length = short === 1 ? Number(box.readBigUInt64BE(8)) : short === 0 ? size - at : short;
      if (length < 8) break;
      at += length;
    }
    return 'mp4-no-moov';
  } finally {
    await file.close();
  }
}
