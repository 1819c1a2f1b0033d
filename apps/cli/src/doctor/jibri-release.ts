import { type Finding, fail, ok, warn } from './finding.ts';

/** Where a release keeps its recordings: `rootless` since stable-11146 below storage/, `classic` before. */
export type Layout = 'classic' | 'rootless';

export interface Release {
  readonly tag: string;
  /** Null when the tag does not tell, as `latest` and `unstable`. */
  readonly number: number | null;
  readonly patch: number;
}

/** The first release whose containers run without root; it cannot record itself, its first patch can. */
const ROOTLESS = 11_146;

/** `stable-11146-2` → 11146, 2. */
export function parseRelease(tag: string): Release {
  const [, number, patch] = /^stable-(\d+)(?:-(\d+))?$/.exec(tag.trim()) ?? [];
  return { tag: tag.trim(), number: number === undefined ? null : Number(number), patch: Number(patch ?? 0) };
}

export function layoutOf({ number }: Release): Layout | null {
  if (number === null) return null;
  return number >= ROOTLESS ? 'rootless' : 'classic';
}

/** @param from where the tag was read */
export function releaseFinding(release: Release, from: string): Finding {
  const { tag, number, patch } = release;
  if (number === null)
    return warn(
      'Jibri image',
      `${tag} (${from}): what it holds cannot be told from its name, and changes with each pull.`,
      `Name a release: JITSI_IMAGE_VERSION=stable-${ROOTLESS}-1 or newer.`,
    );
  if (number === ROOTLESS && patch === 0)
    return fail(
      'Jibri image',
      `${tag} (${from}): this very release cannot record.`,
      `Set JITSI_IMAGE_VERSION=stable-${ROOTLESS}-1 or newer.`,
    );
  return ok(
    'Jibri image',
    `${tag} (${from}), ${number >= ROOTLESS ? 'rootless, uid 1000' : 'of the time before rootless containers'}`,
  );
}
