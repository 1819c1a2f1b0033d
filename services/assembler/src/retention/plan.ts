import type { RecordingStatus } from '@dailies/contracts';
import type { RetentionRules } from './config.ts';

/** An original that could go, as far as the events tell. */
export interface Archived {
  readonly recordingId: string;
  readonly run: number;
  /** Relative to the archived folder. */
  readonly archived: string;
  readonly sizeBytes: number;
  readonly fingerprint: string;
  /** Relative to the processed folder. */
  readonly film: string;
  readonly filmBytes: number;
  readonly endedAtMs: number;
}

/** Why an original stays, for people. */
export interface Kept {
  readonly archived: string;
  readonly why: string;
}

const DAY_MS = 86_400_000;

/**
 * Originals of finished recordings, oldest first, and those whose events contradict each other and that therefore stay.
 * Pure: nothing of the disk is known here.
 */
export function archivedOf(
  recordings: readonly RecordingStatus[],
  nowMs: number,
): { candidates: Archived[]; kept: Kept[] } {
  const present = recordings.filter(({ archived, archiveRemovedAt }) => archived !== null && archiveRemovedAt === null);
  const claims = { archived: countBy(present, 'archived'), film: countBy(recordings, 'film') };
  const candidates: Archived[] = [];
  const kept: Kept[] = [];
  for (const status of present) {
    const archived = status.archived ?? '';
    const why = contradiction(status, claims, nowMs);
    if (why !== null) kept.push({ archived, why });
    else candidates.push(archivedOfOne(status, archived));
  }
  candidates.sort((a, b) => a.endedAtMs - b.endedAtMs || (a.archived < b.archived ? -1 : 1));
  return { candidates, kept };
}

type Claims = Readonly<Record<'archived' | 'film', ReadonlyMap<string | null, number>>>;

/** How many recordings name each file. */
function countBy(recordings: readonly RecordingStatus[], file: 'archived' | 'film'): Map<string | null, number> {
  const counts = new Map<string | null, number>();
  for (const { [file]: path } of recordings) counts.set(path, (counts.get(path) ?? 0) + 1);
  return counts;
}

function archivedOfOne(status: RecordingStatus, archived: string): Archived {
  const { recordingId, run, sizeBytes, fingerprint, film, filmBytes, endedAt } = status;
  return {
    recordingId,
    run,
    archived,
    sizeBytes,
    fingerprint,
    film: film ?? '',
    filmBytes: filmBytes ?? -1,
    endedAtMs: Date.parse(endedAt ?? ''),
  };
}

function contradiction(status: RecordingStatus, claims: Claims, nowMs: number): string | null {
  if (status.state !== 'finished') return `its recording is processed again (${status.state})`;
  if (!status.film || status.filmBytes === null || status.endedAt === null) return 'the events do not name its film';
  if (Date.parse(status.endedAt) > nowMs) return 'it was finished in the future: check the clock';
  if ((claims.archived.get(status.archived) ?? 0) > 1) return 'two recordings name it as their original';
  if ((claims.film.get(status.film) ?? 0) > 1) return 'two recordings name one film, so it may be the other one’s';
  return null;
}

/**
 * Why an original should go: it is old enough, or there is too little free space; null when it may stay. Pure.
 * @param freeBytes what will be free when those before it are gone
 */
export function reasonToGo(
  { endedAtMs }: Pick<Archived, 'endedAtMs'>,
  { retentionDays, retentionMinFreeBytes }: RetentionRules,
  facts: { readonly nowMs: number; readonly freeBytes: number },
): 'age' | 'space' | null {
  if (retentionDays !== undefined && facts.nowMs - endedAtMs >= retentionDays * DAY_MS) return 'age';
  return facts.freeBytes < (retentionMinFreeBytes ?? 0) ? 'space' : null;
}
