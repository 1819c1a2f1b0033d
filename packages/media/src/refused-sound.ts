import { DailiesError } from '@dailies/contracts';

/** What muxers say of sound that they do not take, in all builds since 2018; the codec is named, or not. */
const REFUSALS = [
  /Could not find tag for codec (\S+) in stream #\d+, codec not currently supported in container/,
  /(\S+) only supported in MP4/,
  /codec not currently supported in container|Not yet implemented in FFmpeg/,
];

/**
 * The refusal that a muxer's last words tell of, or null.
 * @param codecs of the sound tracks, in order
 */
export function refusedSound(stderr: string, codecs: readonly string[], container: 'mp4' | 'mov'): DailiesError | null {
  const found = REFUSALS.map((words) => words.exec(stderr)).find(Boolean);
  if (!found) return null;
  // A track is named only where there is no doubt.
  const codec = found[1] ?? [...new Set(codecs)].join(' or ');
  const tracks = codecs.flatMap((name, i) => (name === codec ? [i + 1] : []));
  const which = tracks.length > 0 ? `sound track ${tracks.join(' and ')}, ${codec}` : codec;
  return new DailiesError('AUDIO_UNSUPPORTED', `The sound (${which}) cannot be carried by ${container.toUpperCase()}.`);
}

/** Neither container takes all of the sound: says what each refuses, and what keeps every sample where it is known. */
export function refusedByBoth(mp4: DailiesError, mov: DailiesError): DailiesError {
  const uncompressed = /sound track (\d+)[^,]*, pcm_/.exec(mp4.message)?.[1];
  const lossless = uncompressed
    ? ` FLAC holds the same samples and goes into MP4: ffmpeg -i IN -map 0 -c copy -c:a:${Number(uncompressed) - 1} flac OUT.mkv`
    : '';
  return new DailiesError(
    'AUDIO_UNSUPPORTED',
    mp4.message === mov.message ? mp4.message : `${mp4.message} ${mov.message}${lossless}`,
    { cause: mov },
  );
}
