import { extname } from 'node:path';
import type { Kind } from '@dailies/contracts';

/** Left in a session folder by Jibri's finalize script when it is done with the folder. */
export const FINALIZED_MARKER = '.dailies-finalized';
/** Written by Jibri beside the recording, when the recording has ended. */
export const METADATA_FILE = 'metadata.json';
/** Our own files that are being written begin with this; being dot files they are never taken for recordings. */
export const TEMPORARY_PREFIX = '.dailies-';

/** Extensions of the containers that are opened (mov/mp4, matroska/webm, avi, mpegts), and of images. */
const KINDS: ReadonlyMap<string, Kind> = new Map([
  ...['.mp4', '.m4v', '.mov', '.mkv', '.webm', '.avi', '.ts', '.m2ts', '.mts'].map((ext) => [ext, 'video'] as const),
  ...['.jpg', '.jpeg', '.png', '.webp'].map((ext) => [ext, 'image'] as const),
]);

/** Extensions that say "still being written", whatever comes before them. */
const TEMPORARY = /(?:\.(?:part|tmp|temp|partial|download|crdownload|filepart)|~)$/i;

/** What a file of that name is, or null when it is none of ours: other extensions, dot files, temporary names. */
export function kindOf(name: string): Kind | null {
  if (name.startsWith('.') || isTemporary(name)) return null;
  return KINDS.get(extname(name).toLowerCase()) ?? null;
}

/** Names under which browsers, copiers and uploaders write files that are not whole yet. */
export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}
