import { field } from '@dailies/service';

/** Settings of the ingest-watcher. */
export const watcherFields = [
  field({
    env: 'QUIET_MS',
    type: 'int',
    default: 30_000,
    unit: 'ms',
    min: 0,
    max: 86_400_000,
    describe:
      'How long a file must not have changed when nothing else says that it is finished. Longer than any pause of whoever writes it.',
    example: '120000',
  }),
  field({
    env: 'STABLE_MS',
    type: 'int',
    default: 2000,
    unit: 'ms',
    min: 0,
    max: 3_600_000,
    describe:
      'How long a file must not have changed that looks finished: its structure is complete, or Jibri has left metadata.json or the marker beside it.',
    example: '5000',
  }),
  field({
    env: 'RESCAN_MS',
    type: 'int',
    default: 15_000,
    unit: 'ms',
    min: 50,
    max: 86_400_000,
    describe: 'How often the whole folder is looked through, for what no file event told.',
    example: '60000',
  }),
  field({
    env: 'WATCH_POLLING',
    type: 'enum',
    default: 'auto',
    values: ['auto', 'on', 'off'],
    describe:
      'Whether files are asked for changes instead of waiting for file events, which do not cross NFS, CIFS and most shared folders. With auto: when the folder is on such a file system.',
    example: 'on',
  }),
  field({
    env: 'METADATA_WAIT_MS',
    type: 'int',
    default: 10_000,
    unit: 'ms',
    min: 0,
    max: 600_000,
    describe:
      'How long a recording in a session folder of Jibri that looks complete waits for its metadata.json, which tells the room. Jibri writes it a moment after the recording has ended.',
    example: '30000',
  }),
  field({
    env: 'MEETING_GAP_MINUTES',
    type: 'number',
    default: 30,
    unit: 'minutes',
    min: 0,
    max: 10_080,
    describe:
      'Recordings of one meeting URL with at most so much time between them are parts of one meeting and have a common meeting id.',
    example: '60',
  }),
] as const;

export interface WatcherConfig {
  readonly quietMs: number;
  readonly stableMs: number;
  readonly rescanMs: number;
  readonly watchPolling: string;
  readonly metadataWaitMs: number;
  readonly meetingGapMinutes: number;
  /** How often an inspection is tried that fails for a reason that may pass, before the file is quarantined. */
  readonly attempts: number;
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
}
