import type { Structure } from './structure.ts';

/**
 * The ready rule: when is a recording finished? All of it is pure; times named `…SteadyMs` come from a clock that never
 * jumps, times named `…WallMs` from the clock that files are dated by.
 */

export interface ReadyConfig {
  /** How long a file of which nothing else is known must not have changed, ms. */
  readonly quietMs: number;
  /** How long a file that looks finished must not have changed, ms. */
  readonly stableMs: number;
  /** How long a file that looks finished waits for a metadata.json that is to be expected, ms; 0 when left out. */
  readonly metadataWaitMs?: number;
}

/** What one look at a file gives. */
export interface FileState {
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  /** Change of status: unlike mtime nobody can set it, so it dates a file that was copied with its times. */
  readonly ctimeMs: number;
  readonly ino: number;
}

/** What is remembered of a file between looks. */
export interface Observation extends FileState {
  /** Since when the file is known not to have changed. May lie before our start (even below 0). */
  readonly unchangedSinceSteadyMs: number;
}

/**
 * Adds a look to what is known. Only changes that we saw ourselves count afterwards; the file's own times are believed
 * for the first look alone, and only when `trustTimes` says that they come from our clock and may tell of the time before
 * we looked. A time in the future is never believed.
 */
export function observe(
  previous: Observation | null,
  look: FileState,
  now: { steadyMs: number; wallMs: number },
  trustTimes: boolean,
): Observation {
  const { sizeBytes, mtimeMs, ctimeMs, ino } = look;
  const state = { sizeBytes, mtimeMs, ctimeMs, ino };
  if (previous) {
    const same = previous.sizeBytes === sizeBytes && previous.mtimeMs === mtimeMs && previous.ino === ino;
    return { ...state, unchangedSinceSteadyMs: same ? previous.unchangedSinceSteadyMs : now.steadyMs };
  }
  const ageMs = trustTimes ? Math.max(0, now.wallMs - Math.max(mtimeMs, ctimeMs)) : 0;
  return { ...state, unchangedSinceSteadyMs: now.steadyMs - ageMs };
}

export interface ReadyFacts {
  readonly nowSteadyMs: number;
  readonly observation: Observation;
  /** Modification time of the metadata.json beside it; null when there is none. */
  readonly metadataMtimeMs: number | null;
  /** Modification time of the finalize marker beside it; null when there is none. */
  readonly markerMtimeMs: number | null;
  /** Jibri will leave a metadata.json beside it, unless it was killed. */
  readonly expectsMetadata?: boolean;
  readonly structure: Structure;
}

export type Readiness =
  | { readonly ready: true; readonly because: 'finalized' | 'complete' | 'quiet' }
  | {
      readonly ready: false;
      readonly untilSteadyMs: number;
      readonly because: 'changing' | 'incomplete' | 'unfinished' | 'metadata';
    };

/**
 * Ready is
 * - what Jibri has finished (a marker or a metadata.json at least as new as the recording: one folder can see several
 *   recordings, and an older one tells of an earlier one), is stable and not visibly incomplete;
 * - what is stable and structurally complete; where Jibri is about to leave metadata.json, that is waited for a while;
 * - what was quiet for long: then the probe decides, and a file without its index is quarantined.
 * "Not ready" says when to look again, should nothing change until then.
 */
export function readiness(facts: ReadyFacts, config: ReadyConfig): Readiness {
  const { unchangedSinceSteadyMs: since, mtimeMs } = facts.observation;
  const unchangedMs = facts.nowSteadyMs - since;
  if (unchangedMs >= config.quietMs) return { ready: true, because: 'quiet' };
  const stableMs = Math.min(config.stableMs, config.quietMs);
  if (unchangedMs < stableMs) return { ready: false, untilSteadyMs: since + stableMs, because: 'changing' };
  if (facts.structure === 'complete') {
    const waitMs = facts.expectsMetadata && facts.metadataMtimeMs === null ? (config.metadataWaitMs ?? 0) : 0;
    if (unchangedMs < waitMs && facts.markerMtimeMs === null)
      return { ready: false, untilSteadyMs: since + Math.min(waitMs, config.quietMs), because: 'metadata' };
    return { ready: true, because: 'complete' };
  }
  const finalized = [facts.metadataMtimeMs, facts.markerMtimeMs].some((time) => time !== null && time >= mtimeMs);
  if (finalized && facts.structure !== 'incomplete') return { ready: true, because: 'finalized' };
  return {
    ready: false,
    untilSteadyMs: since + config.quietMs,
    because: facts.structure === 'incomplete' ? 'incomplete' : 'unfinished',
  };
}
