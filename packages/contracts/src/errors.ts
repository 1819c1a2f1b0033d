/**
 * Every error that Dailies can report, with its retry fate. The reference page docs/reference/errors.md is generated
 * from this table, and a test proves both directions.
 *
 * Fates: `retry` — try again, with backoff, a bounded number of times; `wait` — the environment is at fault (disk full,
 * permission denied): keep trying until an operator mends it; `never` — the same input fails again, do not retry.
 */
export const FATES = ['retry', 'wait', 'never'] as const;
export type Fate = (typeof FATES)[number];

interface ErrorSpec {
  readonly fate: Fate;
  /** What happened, for the reference page. */
  readonly means: string;
  /** What the operator does about it. */
  readonly todo: string;
}

export const ERRORS = {
  RECORDING_EMPTY: {
    fate: 'never',
    means: 'The recording has zero bytes.',
    todo: 'Nothing was recorded; check the free disk space and the logs of Jibri, then delete the file.',
  },
  RECORDING_UNREADABLE: {
    fate: 'never',
    means: 'The file is no recording that ffmpeg can read, or it is damaged.',
    todo: 'Play the file; when it is damaged, repair or delete it, then `dailies replay ID`.',
  },
  RECORDING_NO_MOOV: {
    fate: 'never',
    means: 'The MP4 has no index (moov): the recorder was killed before it could finish the file.',
    todo: 'Repair it with a tool such as untrunc and a good recording of the same Jibri; the repaired file is picked up by itself.',
  },
  RECORDING_NO_VIDEO: {
    fate: 'never',
    means: 'The recording has no picture track, so there is nothing to grade.',
    todo: 'Keep or move the file by hand; Dailies leaves it where it is.',
  },
  RECORDING_FORMAT_REFUSED: {
    fate: 'never',
    means:
      'The container is one that Dailies refuses to open: playlists and formats that refer to other files are a security risk.',
    todo: 'Convert the file to MP4, MOV, MKV, WebM, AVI or MPEG-TS by a tool that you trust.',
  },
  RECORDING_TOO_LARGE: {
    fate: 'never',
    means: 'The recording is beyond a limit on pixels, duration or bytes.',
    todo: 'If the file is meant to be processed, raise the limit that the message names, restart, and `dailies replay ID`.',
  },
  RECORDING_CHANGED: {
    fate: 'never',
    means: 'The file was replaced or changed while it was processed.',
    todo: 'Nothing: the new content is picked up as a recording of its own once it is complete; the old one is graded when it is put back.',
  },
  RECORDING_GONE: {
    fate: 'never',
    means: 'The file was deleted or moved away while it was processed.',
    todo: 'Put it back if it should be processed.',
  },
  RECORDING_SYMLINK: {
    fate: 'never',
    means: 'The entry is a symbolic link that leaves the recordings folder.',
    todo: 'Put the file itself into the recordings folder.',
  },
  PERMISSION_DENIED: {
    fate: 'wait',
    means: 'A file or folder cannot be read or written by the user that Dailies runs as.',
    todo: 'Give the user read access to the recording and write access to the folder named in the message; work goes on by itself.',
  },
  DISK_FULL: {
    fate: 'wait',
    means: 'There is no space left on the device.',
    todo: 'Free some space on the disk named in the message; work goes on by itself.',
  },
  FOLDER_ABSENT: {
    fate: 'wait',
    means:
      'The recordings folder is missing or empty though recordings of it are under way: its disk is not mounted, or RECORDINGS_DIR names another folder.',
    todo: 'Mount the disk; work goes on by itself. When all was removed on purpose, any file in the folder shows that it is the right one.',
  },
  IO_FAILED: {
    fate: 'retry',
    means: 'Reading or writing a file failed.',
    todo: 'Check the disk or the network share, and the system log (`dmesg`); when that is mended, `dailies replay ID`.',
  },
  FFMPEG_MISSING: {
    fate: 'never',
    means: 'No usable ffmpeg or ffprobe was found.',
    todo: 'Install ffmpeg (Debian: `apt install ffmpeg`) or set FFMPEG_PATH and FFPROBE_PATH.',
  },
  FFMPEG_FAILED: {
    fate: 'retry',
    means: 'An ffmpeg process ended with an error.',
    todo: 'Read the last lines of its output in the message.',
  },
  FFMPEG_TIMEOUT: {
    fate: 'retry',
    means: 'An ffmpeg process took longer than its time limit and was ended.',
    todo: 'Check whether the machine is overloaded; raise the time limit for very large frames.',
  },
  FRAMES_MISMATCH: {
    fate: 'never',
    means: 'A batch did not decode to exactly the frames that its window names.',
    todo: 'The recording is cut again by decoding it, by itself. When that has failed too, it is damaged or of an odd form: copy it without encoding (`ffmpeg -i IN -c copy OUT.mkv`), play the copy, and put it in the place of the original, which is untouched.',
  },
  SETUP_MISMATCH: {
    fate: 'never',
    means: 'Two batches of one film were encoded with different setup data (SPS/PPS), so they cannot be joined.',
    todo: 'Run the same ffmpeg on all workers, then `dailies replay ID`.',
  },
  FILM_NOT_EXACT: {
    fate: 'never',
    means: 'The finished film did not pass the check against its recording, so it was not published.',
    todo: 'The original is untouched. Copy it without encoding (`ffmpeg -i IN -c copy OUT.mkv`; or to OUT.mp4 when it is a MKV), play the copy and put it in: that mends most odd containers. A newer ffmpeg (FFMPEG_PATH) may do, too. Please report it with the message.',
  },
  AUDIO_UNSUPPORTED: {
    fate: 'never',
    means: 'The sound is in a codec that neither MP4 nor MOV can carry.',
    todo: 'Convert the sound of the recording (for example to AAC) and drop the file again.',
  },
  BATCH_TOO_LARGE: {
    fate: 'never',
    means:
      'One batch is larger than what travels: 8 MiB before it is graded, 9 MiB for an image, 256 MiB when it is graded.',
    todo: 'A graded batch: lower BATCH_SECONDS, or raise CRF (with LOSSLESS, leave that off), then `dailies replay`. Else lower the resolution of the recording.',
  },
  LOOK_INVALID: {
    fate: 'never',
    means: 'A look has an unknown parameter or a value out of range.',
    todo: 'Correct the look; `dailies looks` lists the parameters.',
  },
  LOOK_UNKNOWN: {
    fate: 'never',
    means: 'There is no look of that name.',
    todo: '`dailies looks` lists the looks.',
  },
  IMAGE_FAILED: {
    fate: 'never',
    means: 'An image could not be decoded or encoded.',
    todo: 'Open the image in a viewer; when it is damaged, replace it.',
  },
  MESSAGE_INVALID: {
    fate: 'never',
    means: 'A message on the bus does not have the form that this version of Dailies reads.',
    todo: 'Run the same version of all services.',
  },
  BUS_FAILED: {
    fate: 'retry',
    means: 'The bus refused or lost a request.',
    todo: 'Check the disk of the bus, or the broker.',
  },
  CONFIG_INVALID: {
    fate: 'never',
    means: 'A setting is unknown or out of range.',
    todo: 'Correct the setting named in the message.',
  },
  WEBHOOK_UNREACHABLE: {
    fate: 'wait',
    means: 'The webhook did not answer in time, cannot be reached, or says that it is busy (408, 429, 502, 503, 504).',
    todo: 'Check READY_WEBHOOK_URL and the service behind it; it is tried again for READY_WEBHOOK_PATIENCE_HOURS.',
  },
  WEBHOOK_FAILED: {
    fate: 'retry',
    means: 'The webhook answered with an error of its own (5xx).',
    todo: 'Read the log of the service behind READY_WEBHOOK_URL.',
  },
  WEBHOOK_REFUSED: {
    fate: 'never',
    means: 'The webhook refused the message (4xx), or answered with a redirect, which is not followed.',
    todo: 'Check READY_WEBHOOK_URL and READY_WEBHOOK_SECRET; what was refused is in the dead letters.',
  },
  ABORTED: {
    fate: 'retry',
    means: 'The work was given back because the process is stopping.',
    todo: 'Nothing: it goes on after the next start.',
  },
  INTERNAL: {
    fate: 'retry',
    means: 'An error that Dailies did not foresee.',
    todo: 'Please report it with the message.',
  },
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof ERRORS;

/** An error with a stable code; its fate comes from the table, so that it is declared once. */
export class DailiesError extends Error {
  readonly code: ErrorCode;
  /** Further facts for logs (never secrets): paths, exit codes, the tail of ffmpeg's output. */
  readonly details: Readonly<Record<string, string | number>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: Record<string, string | number> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DailiesError';
    this.code = code;
    this.details = options.details ?? {};
  }

  get fate(): Fate {
    return ERRORS[this.code].fate;
  }
}

const ERRNO: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'DISK_FULL',
  EDQUOT: 'DISK_FULL',
  EACCES: 'PERMISSION_DENIED',
  EPERM: 'PERMISSION_DENIED',
  EROFS: 'PERMISSION_DENIED',
  EIO: 'IO_FAILED',
  EMFILE: 'IO_FAILED',
  ENFILE: 'IO_FAILED',
  EBUSY: 'IO_FAILED',
  ESTALE: 'IO_FAILED',
  EREMOTEIO: 'IO_FAILED',
};

/** What an operator does about the error of a recording; null for a code that this version does not know. */
export function todoOf(code: string | null, recordingId: string): string | null {
  if (code === null || !Object.hasOwn(ERRORS, code)) return null;
  return ERRORS[code as ErrorCode].todo.replaceAll('replay ID', `replay ${recordingId}`);
}

/**
 * Classifies anything that was thrown, in one total function: a DailiesError stays itself, a system error is known by
 * its `code`, an abort by its name, all else is INTERNAL.
 */
export function toDailiesError(thrown: unknown): DailiesError {
  if (thrown instanceof DailiesError) return thrown;
  if (thrown instanceof Error) {
    const errno = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
    const code = ERRNO[errno] ?? (thrown.name === 'AbortError' || errno === 'ABORT_ERR' ? 'ABORTED' : 'INTERNAL');
    return new DailiesError(code, thrown.message, { cause: thrown });
  }
  return new DailiesError('INTERNAL', String(thrown));
}
