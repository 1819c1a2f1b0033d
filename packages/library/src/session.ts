import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { openRegular, readAt } from './fingerprint.ts';
import { METADATA_FILE } from './kinds.ts';

/** What is known of the meeting that a recording is of. Made from what others wrote: never trusted, never logged whole. */
export interface Session {
  /** Room as people know it: the path of the meeting's URL, or the beginning of the file's name; null when neither tells. */
  readonly room: string | null;
  /** Name of the session folder. */
  readonly sessionId: string | null;
  /** Stands for the URL of the meeting without its secrets; the same for all parts of a meeting. */
  readonly meetingKey: string | null;
  /** When the recording began: by the time in its file name (the zone of whoever named it, read as UTC), ms since 1970. */
  readonly namedAtMs: number | null;
}

/** Participants are listed in it; more than this is no metadata of a meeting. */
export const MAX_METADATA_BYTES = 1024 * 1024;
const MAX_URL = 4096;
const MAX_ROOM = 200;
const KEY_DIGITS = 12;

/**
 * Reads what Jibri left about a recording. Whatever is missing, malformed, too large or hostile is as if it were not
 * there.
 * @param root the recordings folder, absolute
 * @param path of the recording, relative to it
 */
export async function readSession(root: string, path: string): Promise<Session> {
  const folder = dirname(path);
  const name = callNameOf(basename(path));
  const meeting = folder === '.' ? null : meetingOf(await readMetadata(join(root, folder, METADATA_FILE)));
  const isSession = folder !== '.' && (meeting !== null || isSessionFolder(basename(folder)));
  return {
    room: meeting?.room ?? (isSession ? (name?.room ?? null) : null),
    sessionId: isSession ? shortened(printable(basename(folder))) : null,
    meetingKey: meeting?.key ?? null,
    namedAtMs: name?.atMs ?? null,
  };
}

async function readMetadata(file: string): Promise<unknown> {
  try {
    const handle = await openRegular(file);
    try {
      const bytes = await readAt(handle, 0, MAX_METADATA_BYTES + 1);
      return bytes.length > MAX_METADATA_BYTES ? null : JSON.parse(bytes.toString('utf8'));
    } finally {
      await handle.close();
    }
  } catch {
    return null;
  }
}

/**
 * Room and key of a meeting from the metadata of its recording. Of the URL only host and path count: the query may hold a
 * token (jwt=…), the fragment options, the user part a password. Jitsi takes rooms for the same whatever their case.
 */
export function meetingOf(metadata: unknown): { readonly room: string; readonly key: string } | null {
  if (typeof metadata !== 'object' || metadata === null || !('meeting_url' in metadata)) return null;
  const text = metadata.meeting_url;
  if (typeof text !== 'string' || text.length > MAX_URL || !URL.canParse(text)) return null;
  const { protocol, host, pathname } = new URL(text);
  const path = pathname.replace(/\/+/g, '/').replace(/^\/|\/$/g, '');
  if ((protocol !== 'https:' && protocol !== 'http:') || path === '') return null;
  const key = createHash('sha256').update(`${host}/${path}`.toLowerCase()).digest('hex').slice(0, KEY_DIGITS);
  const room = shortened(printable(decoded(path)));
  return room === '' ? null : { room, key };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Without characters that repaint a terminal or turn the direction of text. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '').trim();
}

const shortened = (text: string): string => [...text].slice(0, MAX_ROOM).join('');

/** What Jibri's file names say: `standup_2026-08-01-10-00-00.mp4`. */
export function callNameOf(name: string): { readonly room: string; readonly atMs: number } | null {
  const found = /^(.+)_(\d{4})-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)\.\w+$/.exec(name);
  if (!found) return null;
  const [, room = '', year, month, day, hour, minute, second] = found;
  const atMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`);
  return Number.isNaN(atMs) ? null : { room: shortened(printable(room)), atMs };
}

/** Whether a folder has the name of a session: a UUID today, 16 lower-case letters in older releases of Jibri. */
export function isSessionFolder(name: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name) || /^[a-z]{16}$/.test(name);
}
