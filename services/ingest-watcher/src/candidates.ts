import { basename, dirname } from 'node:path';
import {
  type Candidate,
  isSessionFolder,
  type Observation,
  observe,
  type ReadyConfig,
  readiness,
  type Structure,
} from '@dailies/library';
import type { Clock } from './clock.ts';

/** A file that may be a recording, and what became of it so far. */
export interface Tracked {
  candidate: Candidate;
  observation: Observation;
  /** When this path was first seen, or seen again after it was gone. */
  readonly seenSinceWallMs: number;
  /** When it was first seen in this state: it may have been away for less than a scan. Being archived changes it, too. */
  sameSinceWallMs: number;
  /** This state of the file was announced, quarantined or is known: nothing to do until it changes. */
  settled: boolean;
  /** In the hands of the announcer. */
  busy: boolean;
  /** Not looked at before this time: an attempt has failed. */
  notBeforeSteadyMs: number;
  /** Failed inspections of this state. */
  attempts: number;
  /** Since when it cannot be read; null when it can. */
  deniedSinceSteadyMs: number | null;
  /** Id under which it was quarantined because it cannot be read; then it is tried again at each scan. */
  deniedId: string | null;
  /** Known for this state, once somebody asked. */
  structure: Structure | null;
  /** Since when this state is ready; null when it is not, as far as anybody asked. */
  readySinceSteadyMs: number | null;
}

export interface Candidates {
  /** Adds a look. A state that differs from the last one is a new one, to be handled anew. */
  see(candidate: Candidate, trustTimes: boolean): Tracked;
  get(path: string): Tracked | undefined;
  forget(path: string): void;
  /** Unreadable files are tried again: rights of a folder above change nothing about the file. */
  retryDenied(): void;
  /** Forgets all paths that a scan did not see. */
  keepOnly(paths: ReadonlySet<string>): void;
  all(): Tracked[];
  /** When the file is ready: now, or not before a time on the steady clock, should nothing change. */
  verdict(tracked: Tracked): Promise<{ ready: true; because: string } | { ready: false; untilSteadyMs: number }>;
}

/**
 * @param structureOf reads the structure of a file; it is asked only when the file is stable, and once for each state
 */
export function createCandidates(
  config: ReadyConfig,
  clock: Clock,
  structureOf: (tracked: Tracked) => Promise<Structure>,
): Candidates {
  const byPath = new Map<string, Tracked>();
  return {
    see(candidate, trustTimes) {
      const now = { steadyMs: clock.steadyMs(), wallMs: clock.wallMs() };
      const known = byPath.get(candidate.path);
      const observation = observe(known?.observation ?? null, candidate, now, trustTimes);
      if (!known) {
        const since = { seenSinceWallMs: now.wallMs, sameSinceWallMs: now.wallMs };
        const tracked: Tracked = { candidate, observation, ...since, ...UNTRIED };
        byPath.set(candidate.path, tracked);
        return tracked;
      }
      const changed = !sameState(known.observation, observation);
      const { deniedSinceSteadyMs, busy } = known;
      // Other rights count as a change, too: the id that an unreadable file got from its size stays while that does.
      const deniedId = known.observation.sizeBytes === candidate.sizeBytes ? known.deniedId : null;
      Object.assign(
        known,
        { candidate, observation },
        changed ? { ...UNTRIED, sameSinceWallMs: now.wallMs, busy, deniedSinceSteadyMs, deniedId } : {},
      );
      return known;
    },
    get: (path) => byPath.get(path),
    retryDenied() {
      for (const tracked of byPath.values()) {
        if (tracked.deniedSinceSteadyMs === null) continue;
        tracked.settled = false;
        tracked.notBeforeSteadyMs = Number.NEGATIVE_INFINITY;
      }
    },
    forget(path) {
      byPath.delete(path);
    },
    keepOnly(paths) {
      for (const path of byPath.keys()) if (!paths.has(path)) byPath.delete(path);
    },
    all: () => [...byPath.values()],
    async verdict(tracked) {
      const { candidate, observation, notBeforeSteadyMs } = tracked;
      const nowSteadyMs = clock.steadyMs();
      if (nowSteadyMs < notBeforeSteadyMs) return { ready: false, untilSteadyMs: notBeforeSteadyMs };
      const { metadataMtimeMs, markerMtimeMs } = candidate;
      const expectsMetadata = isSessionFolder(basename(dirname(candidate.path)));
      const facts = { nowSteadyMs, observation, metadataMtimeMs, markerMtimeMs, expectsMetadata };
      const blind = readiness({ ...facts, structure: tracked.structure ?? 'unknown' }, config);
      if (blind.ready ? blind.because === 'quiet' : blind.because === 'changing') return blind;
      // Only now is it worth opening the file. Should it be seen to change meanwhile, the answer is of the old state.
      const structure = tracked.structure ?? (await structureOf(tracked));
      if (!sameState(tracked.observation, observation)) return { ready: false, untilSteadyMs: nowSteadyMs };
      tracked.structure = structure;
      return readiness({ ...facts, structure }, config);
    },
  };
}

const UNTRIED = {
  settled: false,
  busy: false,
  notBeforeSteadyMs: Number.NEGATIVE_INFINITY,
  attempts: 0,
  deniedSinceSteadyMs: null,
  deniedId: null,
  structure: null,
  readySinceSteadyMs: null,
} as const;

/**
 * Those of the ready files whose turn has come, oldest first. A file waits for older ones that are about to be ready
 * (they were copied here together, in any order), but never longer than `stableMs`: one of them may go on changing.
 * @param pending files that are not ready, with the time when they may be
 */
export function inTurn(
  ready: readonly Tracked[],
  pending: readonly { readonly tracked: Tracked; readonly untilSteadyMs: number }[],
  stableMs: number,
): Tracked[] {
  const waits = ({ candidate, readySinceSteadyMs }: Tracked): boolean =>
    pending.some(
      ({ tracked, untilSteadyMs }) =>
        tracked.candidate.mtimeMs < candidate.mtimeMs && untilSteadyMs <= (readySinceSteadyMs ?? 0) + stableMs,
    );
  return ready.filter((tracked) => !waits(tracked)).sort(byAge);
}

function byAge(a: Tracked, b: Tracked): number {
  return a.candidate.mtimeMs - b.candidate.mtimeMs || (a.candidate.path < b.candidate.path ? -1 : 1);
}

/** Whether two looks saw the same file, unchanged in content, times and rights. */
export function sameState(a: Observation, b: Observation): boolean {
  return a.sizeBytes === b.sizeBytes && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs && a.ino === b.ino;
}
