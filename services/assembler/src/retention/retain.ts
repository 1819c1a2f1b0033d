import { type EncodedMessage, encodeEvent, type RecordingStatus } from '@dailies/contracts';
import type { RetentionRules } from './config.ts';
import { type Archived, archivedOf, type Kept, reasonToGo } from './plan.ts';

/** What retention needs of the disk and of the bus. */
export interface RetentionPorts {
  /** Null when the original may be deleted, else why not. */
  whyKept(original: Archived): Promise<string | null>;
  /** Deletes it after another check; null when it is gone, else why it was kept. */
  remove(original: Archived): Promise<string | null>;
  freeBytes(): Promise<number>;
  publish(messages: readonly EncodedMessage[]): Promise<void>;
  now(): number;
}

export interface Plan {
  /** Oldest first. */
  readonly remove: readonly (Archived & { readonly because: 'age' | 'space' })[];
  /** Originals that do not have to go now. */
  readonly stay: number;
  /** Originals that would go by the rules, and may not. */
  readonly kept: readonly Kept[];
  /** Bytes that are still missing to the limit when all of these are gone. */
  readonly missingBytes: number;
}

/**
 * Decides which archived originals go: those that are old enough, then, oldest first, as many as it takes to have enough
 * free space. Each of them is looked at; nothing is changed.
 */
export async function planned(
  recordings: readonly RecordingStatus[],
  rules: RetentionRules,
  ports: RetentionPorts,
): Promise<Plan> {
  const nowMs = ports.now();
  const { candidates, kept } = archivedOf(recordings, nowMs);
  const remove: (Archived & { because: 'age' | 'space' })[] = [];
  let freeBytes = await ports.freeBytes();
  let stay = 0;
  for (const candidate of candidates) {
    const because = reasonToGo(candidate, rules, { nowMs, freeBytes });
    const why = because === null ? null : await ports.whyKept(candidate);
    if (because === null) stay += 1;
    else if (why !== null) kept.push({ archived: candidate.archived, why });
    else {
      remove.push({ ...candidate, because });
      freeBytes += candidate.sizeBytes;
    }
  }
  return { remove, stay, kept, missingBytes: Math.max(0, (rules.retentionMinFreeBytes ?? 0) - freeBytes) };
}

export interface Applied {
  readonly removed: readonly Archived[];
  /** Those that were to go and did not, after all. */
  readonly kept: readonly Kept[];
}

/**
 * Deletes what the plan names, one after the other, and tells of each. A death between the two leaves an original that is
 * gone and was not told of; the next plan says so.
 * @throws DailiesError PERMISSION_DENIED, or what the bus throws
 */
export async function apply(plan: Plan, ports: RetentionPorts): Promise<Applied> {
  const removed: Archived[] = [];
  const kept: Kept[] = [];
  for (const original of plan.remove) {
    const why = await ports.remove(original);
    if (why !== null) {
      kept.push({ archived: original.archived, why });
      continue;
    }
    const { recordingId, run, archived, sizeBytes, because } = original;
    const at = new Date(ports.now()).toISOString();
    await ports.publish([
      encodeEvent({ v: 1, type: 'archive-removed', recordingId, run, at, archived, sizeBytes, because }),
    ]);
    removed.push(original);
  }
  return { removed, kept };
}
