import { isFinal, progressOf, type RecordingStatus } from '@dailies/contracts';
import { percentOf } from './figures.ts';

/** When how many frames were done: what speed is computed from. */
interface Sample {
  readonly atMs: number;
  readonly frames: number;
}

/** What is remembered of a recording from look to look. */
export interface Track {
  readonly run: number;
  readonly samples: readonly Sample[];
}

/** Speed is that of the last while: batches come in lumps, so it must be longer than a lump takes. */
const WINDOW_MS = 20_000;

/**
 * Adds a look to a track. Pure.
 * @param nowMs any clock that only goes forward, ms
 */
export function observe(track: Track | undefined, status: RecordingStatus, nowMs: number): Track {
  const frames = status.storedFrames;
  const last = track?.samples.at(-1);
  // A replay, or cutting again, begins at zero.
  if (!track || !last || track.run !== status.run || frames < last.frames)
    return { run: status.run, samples: [{ atMs: nowMs, frames }] };
  if (frames === last.frames) return track;
  const samples = [...track.samples, { atMs: nowMs, frames }];
  // One sample older than the window stays, so that the window is always covered.
  while (samples.length > 2 && nowMs - (samples[1]?.atMs ?? 0) >= WINDOW_MS) samples.shift();
  return { run: track.run, samples };
}

/** What is told of a recording that is worked on. */
export interface Figures {
  /** 0 to 100, rounded down: 100 only when it is finished. */
  readonly percent: number;
  /** Null until there is something to compute it from. */
  readonly framesPerSecond: number | null;
  /** Seconds of film per second. */
  readonly timesRealTime: number | null;
  readonly etaMs: number | null;
}

/** The figures of a recording now. Pure. The clock is that of `observe`. */
export function figures(track: Track | undefined, status: RecordingStatus, nowMs: number): Figures {
  const percent = percentOf(progressOf(status));
  const first = track?.samples[0];
  const last = track?.samples.at(-1);
  const none = { percent, framesPerSecond: null, timesRealTime: null, etaMs: null };
  if (!first || !last || last.frames <= first.frames || isFinal(status.state)) return none;
  // While nothing arrives, time goes on: the speed falls rather than stand still.
  const elapsedMs = Math.max(last.atMs - first.atMs, (nowMs - first.atMs) * 0.8);
  if (elapsedMs <= 0) return none;
  const framesPerSecond = ((last.frames - first.frames) * 1000) / elapsedMs;
  const filmRate = status.frames && status.durationMs ? (status.frames * 1000) / status.durationMs : null;
  return {
    percent,
    framesPerSecond,
    timesRealTime: filmRate ? framesPerSecond / filmRate : null,
    etaMs: status.frames ? (Math.max(0, status.frames - status.storedFrames) * 1000) / framesPerSecond : null,
  };
}

/** Whether a progress line is due where lines stay (no terminal): every 10 s, or every 10 % but not more often than 2 s. */
export function isLineDue(
  last: { readonly percent: number; readonly atMs: number },
  percent: number,
  nowMs: number,
): boolean {
  const sinceMs = nowMs - last.atMs;
  if (percent === last.percent) return false;
  return sinceMs >= 10_000 || (percent - last.percent >= 10 && sinceMs >= 2000);
}
