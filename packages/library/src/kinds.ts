import { extname } from 'node:path';
import type { Kind } from '@dailies/contracts';

/** Left in a session folder by Jibri's finalize script when it is done with the folder. */
export const FINALIZED_MARKER = '.dailies-finalized';
/** Written by Jibri beside the recording, when the recording has ended. */
export const METADATA_FILE = 'metadata.json';
/** Our own files that are being written begin with this; being dot files they are never taken for recordings. */
export const TEMPORARY_PREFIX = '.dailies-';

const CONVERT =
  'only MP4, MOV, MKV, WebM, AVI and MPEG-TS are opened; put a copy in one of them here: `ffmpeg -i IN -c copy OUT.mkv`';

/** Extensions of the containers that are opened (mov/mp4, matroska/webm, avi, mpegts), and of images. */
const KINDS: ReadonlyMap<string, Kind> = new Map([
  ...['.mp4', '.m4v', '.mov', '.qt', '.3gp', '.3g2', '.f4v'].map((ext) => [ext, 'video'] as const),
  ...['.mkv', '.mk3d', '.webm', '.avi', '.divx', '.ts', '.m2ts', '.mts', '.m2t'].map((ext) => [ext, 'video'] as const),
  ...['.jpg', '.jpeg', '.png', '.webp'].map((ext) => [ext, 'image'] as const),
]);

/** What else people record and find strange when nothing happens, by what it is. */
const FOREIGN: readonly (readonly [RegExp, string])[] = [
  [/\.(flv|ogv|ogm|wmv|asf|mpg|mpeg|m2v|m1v|vob|rm|rmvb|mxf|dv|y4m|nut|ivf|h264|264|h265|265|hevc)$/i, CONVERT],
  [
    /\.(mp3|m4a|aac|wav|flac|ogg|oga|opus|wma|mka|ac3)$/i,
    'it is sound alone by its name, and there is nothing to grade',
  ],
  [/\.(gif|bmp|tif|tiff|heic|heif|avif|jxl)$/i, 'of images only .jpg, .jpeg, .png and .webp are graded'],
  [
    /\.(m3u8?|mpd|pls|ffconcat|sdp)$/i,
    'it is a playlist by its name; playlists refer to other files and are never opened',
  ],
];

/** Why a file that looks like media by its name is not taken; null when it does not look like any, or is taken. */
export function foreignMedia(name: string): string | null {
  if (name.startsWith('.') || isTemporary(name) || kindOf(name)) return null;
  return FOREIGN.find(([form]) => form.test(name))?.[1] ?? null;
}

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
