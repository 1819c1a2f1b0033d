import { createHash, randomBytes } from 'node:crypto';
import { basename, dirname, extname, join } from 'node:path';
import { TEMPORARY_PREFIX } from './kinds.ts';

/** What ext4, XFS, NTFS and most others allow for one name. */
const MAX_NAME_BYTES = 255;
/** Anything else after the last dot is the end of a sentence: "Mr. and Mrs. Example". */
const EXTENSION = /^\.[A-Za-z0-9_-]{1,16}$/;

const bytesOf = (text: string): number => Buffer.byteLength(text);

/** `stem` + `tail`, the stem shortened between characters so that the name has at most 255 bytes of UTF-8. */
export function fitName(stem: string, tail: string): string {
  const room = MAX_NAME_BYTES - bytesOf(tail);
  if (bytesOf(stem) <= room) return stem + tail;
  let kept = '';
  let used = 0;
  for (const char of stem) {
    used += bytesOf(char);
    if (used > room) break;
    kept += char;
  }
  return kept + tail;
}

function split(path: string): { folder: string; stem: string; extension: string } {
  const name = basename(path);
  const found = extname(name);
  const extension = EXTENSION.test(found) ? found : '';
  return { folder: dirname(path), stem: name.slice(0, name.length - extension.length), extension };
}

/** The n-th name to try for a file: `a.mp4`, `a (2).mp4`, `a (3).mp4` … */
export function numbered(path: string, n: number): string {
  const { folder, stem, extension } = split(path);
  return join(folder, fitName(stem, n <= 1 ? extension : ` (${n})${extension}`));
}

/** `a/b.webm` → `a/b.mp4`; the stem is shortened when the new extension is longer and there is no room. */
export function withExtension(path: string, extension: string): string {
  const { folder, stem } = split(path);
  return join(folder, fitName(stem, extension));
}

/** A name in `folder` for a file that is being written. `owner`: 16 hex digits, by which what a crash left is found again. */
export function temporaryIn(folder: string, owner: string): string {
  return join(folder, `${TEMPORARY_PREFIX}${owner}-${randomBytes(4).toString('hex')}.tmp`);
}

export function isTemporaryOf(name: string, owner: string): boolean {
  return name.startsWith(`${TEMPORARY_PREFIX}${owner}-`) && name.endsWith('.tmp');
}

/** An owner for temporaries of a target that no recording id stands for. */
export function ownerOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
