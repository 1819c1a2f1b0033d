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

/** ffprobe's `format_name` of the containers that we open. */
export const CONTAINERS = ['mov,mp4,m4a,3gp,3g2,mj2', 'matroska,webm', 'avi', 'mpegts'] as const;
