import type { EncodeSettings, Picture } from '@dailies/contracts';
import { colorParams } from './picture.ts';

/** No two keyframes of a film are further apart. A little less than the 4 s that are promised: a keyframe waits for the next frame. */
export const KEYFRAME_SECONDS = 3.9;

/**
 * x264 options of ffmpeg for one picture. `stitchable` keeps what differs between two runs (timing, HRD) out of SPS and
 * PPS, so that separately encoded batches share one setup record; closed GOPs make each batch decodable alone.
 * @param more further x264 parameters
 */
export function encoderOptions(
  settings: EncodeSettings,
  picture: Picture,
  keyframeSeconds = KEYFRAME_SECONDS,
  more: readonly string[] = [],
): string[] {
  const params = ['stitchable=1', 'open-gop=0', `fps=${picture.frameRate}/1`, ...colorParams(picture.color), ...more];
  return [
    ...['-c:v', 'libx264', '-preset', settings.preset, '-pix_fmt', 'yuv420p'],
    ...(settings.lossless ? ['-qp', '0'] : ['-crf', String(settings.crf)]),
    // Keyframes by time, not by count: recordings have any frame rate, and none at all when it varies.
    ...['-force_key_frames', `expr:gte(t,n_forced*${keyframeSeconds})`, '-g', '100000'],
    ...['-x264-params', params.join(':')],
  ];
}
