import type { Rational } from '@dailies/contracts';
import { CONTAINERS } from './safety.ts';
import type { Source } from './source.ts';

const [MP4, MATROSKA, AVI] = CONTAINERS;

/**
 * ffmpeg's demuxer of MP4 keeps the packets that an edit list cuts away before the first sound for one second; what is
 * earlier would be lost to players, so then the whole film begins earlier.
 */
const MAX_EARLY_SOUND_SECONDS = 0.9;

/**
 * The time of the recording that is 0 in its film, in ticks of the picture's time base.
 *
 * MP4 and MOV say by edit lists what is shown when, so their clock is kept. MPEG-TS begins anywhere, and its length does
 * not count what is before: its film begins at 0. Matroska and AVI count from 0 where their length says so, and then a
 * frame at 10 s stays at 10 s. No frame may be before the film begins: players would not show it.
 * @param firstPts first PTS of the picture, in ticks
 * @param endSeconds when the last packet of any track ends, on the recording's clock
 */
export function originOf(
  source: Pick<Source, 'container' | 'startSeconds' | 'durationMs'>,
  { firstPts, endSeconds }: { firstPts: number; endSeconds: number },
  timeBase: Rational,
): number {
  if (source.container === MP4) return 0;
  const { startSeconds: start } = source;
  const startTicks = Math.round((start * timeBase.den) / timeBase.num);
  if (firstPts < 0 || start < -MAX_EARLY_SOUND_SECONDS) return Math.min(startTicks, firstPts);
  if (source.container !== MATROSKA && source.container !== AVI) return startTicks;
  const length = source.durationMs / 1000;
  const countsFromZero = length > 0 && Math.abs(length - endSeconds) <= Math.abs(length - (endSeconds - start));
  return countsFromZero ? 0 : startTicks;
}
