/**
 * Options for every input that comes from outside. Recordings are hostile input: only files and our own pipes may be
 * opened, and only by demuxers of self-contained formats, so that a playlist (HLS, DASH, concat, image sequences) that
 * is dressed as a recording opens nothing else. Names as in ffmpeg's `-formats`.
 */
export const SAFE_INPUT: readonly string[] = Object.freeze([
  '-protocol_whitelist',
  'file,pipe',
  '-format_whitelist',
  'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,nut',
]);

/**
 * Options for a file whose tracks do not show what they are in its first 5 s (ffmpeg's default): a frame each 5 s, or sound
 * that begins late. Bounded, because finding out reads the file.
 */
export const LOOK_LONGER: readonly string[] = Object.freeze(['-analyzeduration', '600M', '-probesize', '100M']);

/**
 * For an MPEG-TS that begins at 0. ffmpeg takes no offset for the wish to begin at 0, and then each run moves the first of
 * the tracks that it maps there: picture and sound, read apart, would lose each other. A microsecond is less than a tick.
 */
export const UNMOVED: readonly string[] = Object.freeze(['-itsoffset', '0.000001']);

/**
 * Leaves out packets that end with the file before they end: no decoder takes the rest of a compressed one, and players
 * complain of it. Half a packet of uncompressed sound can be heard.
 */
export const WHOLE_PACKETS: readonly string[] = Object.freeze(['-fflags', '+discardcorrupt']);

/** ffprobe's `format_name` of the containers that we open. */
export const CONTAINERS = ['mov,mp4,m4a,3gp,3g2,mj2', 'matroska,webm', 'avi', 'mpegts'] as const;
export const [MP4, MATROSKA, , MPEGTS] = CONTAINERS;
