import { type DailiesError, type Kind, type RecordingStatus, recordingIdOf, toDailiesError } from '@dailies/contracts';
import { type Candidate, type Description, errnoOf, type Session } from '@dailies/library';
import type { RecordingsReader } from '@dailies/service';
import { type Found, meetingFacts, recognise, UNREADABLE } from './messages.ts';

export interface AnnouncePorts {
  readonly view: Pick<RecordingsReader, 'get' | 'byPath'>;
  describe(file: string): Promise<Description>;
  /** What is known of the meeting of a recording, by its relative path. */
  session(path: string): Promise<Session>;
  /** @throws DailiesError RECORDING_* when the file is no recording */
  inspect(file: string, signal: AbortSignal): Promise<Inspected>;
}

export interface Inspected {
  readonly kind: Kind;
  readonly durationMs: number;
}

/** Something to be told of a file. */
export type Announcement =
  | { readonly is: 'found'; readonly found: Found }
  | { readonly is: 'quarantined'; readonly found: Found; readonly why: DailiesError };

/** What is to be done about a file that is ready. */
export type Verdict =
  | Announcement
  | { readonly is: 'known'; readonly status: RecordingStatus }
  /** It changed since it was last looked at: look again. */
  | { readonly is: 'changed' }
  | { readonly is: 'gone' }
  | { readonly is: 'denied'; readonly why: DailiesError }
  /** The inspection failed for a reason that may pass. */
  | { readonly is: 'again'; readonly why: DailiesError };

export interface Asked {
  readonly candidate: Candidate;
  readonly sameSinceWallMs: number;
  readonly deniedId: string | null;
  /** Whether this is the last attempt to inspect it. */
  readonly lastAttempt: boolean;
}

/**
 * Reads a file that is ready and decides what to tell of it; the caller makes messages of that and publishes them. The content is described first, so
 * that a known recording is recognised before ffmpeg sees it, and once more after the inspection, so that nothing is
 * announced that has changed meanwhile.
 * @throws DailiesError ABORTED; nothing else
 */
export async function examine(asked: Asked, ports: AnnouncePorts, signal: AbortSignal): Promise<Verdict> {
  const { candidate } = asked;
  try {
    signal.throwIfAborted();
    const before = await ports.describe(candidate.file);
    if (!isAsSeen(before, candidate)) return { is: 'changed' };
    const { path, kind } = candidate;
    const { sizeBytes, fingerprint } = before;
    const known = knownAs(path, before, asked.deniedId, ports.view);
    const seen = recognise({ path, kind, sizeBytes, fingerprint }, known, asked.deniedId, asked.sameSinceWallMs);
    if (seen.is === 'known') return seen;
    const inspected = await inspect(candidate, ports, signal);
    const session = await ports.session(path);
    if (!isSame(before, await ports.describe(candidate.file))) return { is: 'changed' };
    const durationMs = 'kind' in inspected ? inspected.durationMs : 0;
    const told = { ...seen.found, meeting: meetingFacts(session, before.mtimeMs, durationMs) };
    if ('kind' in inspected) return { is: 'found', found: { ...told, kind: inspected.kind } };
    const why = inspected.error;
    if (why.code === 'RECORDING_GONE') return { is: 'changed' };
    if (why.code === 'PERMISSION_DENIED') return { is: 'denied', why };
    if (why.fate !== 'never' && !asked.lastAttempt) return { is: 'again', why };
    return { is: 'quarantined', found: told, why };
  } catch (thrown) {
    return ofError(toDailiesError(thrown), errnoOf(thrown));
  }
}

/**
 * The recording that this content is: the one of its id; or one that was quarantined as unreadable and keeps the id that
 * it got then.
 */
function knownAs(
  path: string,
  now: Description,
  deniedId: string | null,
  view: AnnouncePorts['view'],
): RecordingStatus | undefined {
  const direct = view.get(recordingIdOf(path, now.sizeBytes, now.fingerprint));
  if (direct) return direct;
  const former = (deniedId && view.get(deniedId)) || view.byPath(path);
  const fits = former?.sizeBytes === now.sizeBytes && [now.fingerprint, UNREADABLE].includes(former.fingerprint);
  return fits ? former : undefined;
}

async function inspect(
  candidate: Candidate,
  ports: AnnouncePorts,
  signal: AbortSignal,
): Promise<Inspected | { error: DailiesError }> {
  // A signal that was given already calls nobody back.
  signal.throwIfAborted();
  const stopping = Promise.withResolvers<never>();
  const stop = (): void => stopping.reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    // Stopping does not wait for an inspection that is slow to notice.
    return await Promise.race([ports.inspect(candidate.file, signal), stopping.promise]);
  } catch (thrown) {
    signal.throwIfAborted();
    return { error: toDailiesError(thrown) };
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function ofError(error: DailiesError, errno: string): Verdict {
  if (error.code === 'ABORTED') throw error;
  if (errno === 'ENOENT' || errno === 'ENOTDIR') return { is: 'gone' };
  if (error.code === 'PERMISSION_DENIED') return { is: 'denied', why: error };
  // A link or a pipe has taken the place of the file: the next scan sees what it is.
  if (error.code === 'RECORDING_SYMLINK' || error.code === 'RECORDING_UNREADABLE') return { is: 'gone' };
  return { is: 'again', why: error };
}

function isAsSeen(now: Description, candidate: Candidate): boolean {
  return now.sizeBytes === candidate.sizeBytes && now.mtimeMs === candidate.mtimeMs && now.ino === candidate.ino;
}

function isSame(a: Description, b: Description): boolean {
  return a.fingerprint === b.fingerprint && a.mtimeMs === b.mtimeMs && a.ino === b.ino;
}
