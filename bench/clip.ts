import { measure } from './measure.ts';

/** Jibri's encoding parameters: no `-g`, so a keyframe every 250 frames. */
const JIBRI = [
  ...['-c:v', 'libx264', '-profile:v', 'main', '-level', '3.1', '-pix_fmt', 'yuv420p', '-crf', '25'],
  ...['-preset', 'ultrafast', '-x264-params', 'keyint=250:scenecut=0'],
  ...['-c:a', 'aac', '-b:a', '128k', '-ar', '44100'],
];

/** A test picture that moves everywhere, and a tone: harder to encode than a meeting. 30 frames a second. */
export async function makeClip(ffmpeg: string, file: string, seconds: number, size = '1280x720'): Promise<void> {
  await measure([
    ...[ffmpeg, '-nostdin', '-y', '-v', 'error'],
    ...['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=30:d=${seconds}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`],
    ...[...JIBRI, file],
  ]);
}

/** The same pictures `times` over, without encoding: a long recording in a few seconds. */
export async function loopClip(ffmpeg: string, clip: string, file: string, times: number): Promise<void> {
  await measure([
    ...[ffmpeg, '-nostdin', '-y', '-v', 'error', '-stream_loop', String(times - 1), '-i', clip, '-c', 'copy', file],
  ]);
}
