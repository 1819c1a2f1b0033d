import type { Build } from './builds.ts';
import type { ExactClock } from './exact-time.ts';
import type { Description, Frame, Packet } from './probe.ts';

/** What one check of the judge found. */
export interface Check {
  readonly name: string;
  /** `info`: worth a look, but no fault of the film. */
  readonly verdict: 'ok' | 'info' | 'FAIL';
  readonly detail: string;
}

/** One of the two files, read once. */
export interface Side {
  readonly path: string;
  readonly description: Description;
  readonly packets: readonly Packet[];
  /** Frames of the first picture track. */
  readonly frames: readonly Frame[];
}

/** What the parts of the judgement are made from. */
export interface Case {
  readonly build: Build;
  readonly recording: Side;
  readonly film: Side;
  readonly clock: ExactClock;
  /** What the whole film is shifted by against the recording, in units of the clock. */
  readonly shift: bigint;
}

export const verdict = (name: string, good: boolean, detail = ''): Check => ({
  name,
  verdict: good ? 'ok' : 'FAIL',
  detail,
});
export const remark = (name: string, detail: string): Check => ({ name, verdict: 'info', detail });
