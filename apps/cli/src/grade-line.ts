import { fitEnd } from '@dailies/service';
import { percentOf } from './figures.ts';
import type { GradeProgress } from './grade-progress.ts';
import { bar, speedText } from './progress-lines.ts';

const BAR_COLUMNS = 30;
/** Below this there is no room for a bar. */
const NARROW_COLUMNS = 60;

/** The progress bar of `grade`: `▕██████   ▏ 42 %  310 frames/s, 10x real time, ETA 0:12`. Pure. */
export function gradeLine(
  { frames, totalFrames, durationMs }: GradeProgress,
  elapsedMs: number,
  columns: number,
): string {
  if (!totalFrames) return 'reading the recording';
  const share = Math.min(1, frames / totalFrames);
  const percent = percentOf(share);
  const framesPerSecond = frames > 0 && elapsedMs > 0 ? (frames * 1000) / elapsedMs : null;
  const filmRate = durationMs ? (totalFrames * 1000) / durationMs : null;
  const speed = speedText({
    percent,
    framesPerSecond,
    timesRealTime: framesPerSecond && filmRate ? framesPerSecond / filmRate : null,
    etaMs: framesPerSecond ? ((totalFrames - frames) * 1000) / framesPerSecond : null,
  });
  const doing = frames >= totalFrames ? 'putting the film together' : speed;
  const done = `${String(percent).padStart(3)} %  ${doing}`;
  return fitEnd(columns >= NARROW_COLUMNS ? `${bar(share, BAR_COLUMNS)} ${done}` : done.trimStart(), columns);
}
