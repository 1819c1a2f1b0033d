import { join } from 'node:path';
import { type ConfigOf, derived, field } from './fields.ts';

const inRecordings = (...parts: string[]) =>
  derived(`\`RECORDINGS_DIR\`/${parts.join('/')}`, (get) => join(get('RECORDINGS_DIR'), ...parts));

/** The folders on disk. */
export const libraryFields = [
  field({
    env: 'RECORDINGS_DIR',
    flag: '--recordings',
    type: 'path',
    default: 'recordings',
    describe: 'The folder that recordings arrive in; it is watched with all its sub-folders.',
    example: '/srv/jitsi/recordings',
  }),
  field({
    env: 'PROCESSED_DIR',
    type: 'path',
    default: inRecordings('processed'),
    describe: 'Where films go, under the same relative path as their recording.',
    example: '/srv/films',
  }),
  field({
    env: 'ARCHIVED_DIR',
    type: 'path',
    default: inRecordings('archived'),
    describe: 'Where originals go, untouched, once their film is published.',
    example: '/srv/originals',
  }),
  field({
    env: 'WORK_DIR',
    type: 'path',
    default: inRecordings('work'),
    describe:
      'Where graded batches wait for their film. Nothing is left in it when a film is done. Best on the disk of PROCESSED_DIR.',
    example: '/var/tmp/dailies',
  }),
] as const;

/** The folders of a loaded configuration, as `openLibrary` of @dailies/library takes them. */
export function foldersOf(config: ConfigOf<typeof libraryFields>) {
  const { recordingsDir: recordings, processedDir: processed, archivedDir: archived, workDir: work } = config;
  return { recordings, processed, archived, work };
}

/** The programs that decode and encode. */
export const toolFields = [
  field({
    env: 'FFMPEG_PATH',
    type: 'path',
    default: undefined,
    describe: 'The ffmpeg to use. When not set: the one on PATH, else the old one that an npm package carries.',
    example: '/usr/bin/ffmpeg',
  }),
  field({
    env: 'FFPROBE_PATH',
    type: 'path',
    default: undefined,
    describe: 'The ffprobe to use. When not set: the one on PATH, else the old one that an npm package carries.',
    example: '/usr/bin/ffprobe',
  }),
] as const;

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export const LOG_FORMATS = ['auto', 'json', 'text'] as const;

/** What every process has. */
export const processFields = [
  field({
    env: 'LOG_LEVEL',
    type: 'enum',
    default: 'info',
    values: LOG_LEVELS,
    describe: 'The least severe log lines that are written. With debug, errors show their stack.',
    example: 'debug',
  }),
  field({
    env: 'LOG_FORMAT',
    type: 'enum',
    default: 'auto',
    values: LOG_FORMATS,
    describe:
      'How log lines look: text for people, json for machines (one object a line), auto: text on a terminal and for `dailies` itself, json elsewhere.',
    example: 'json',
  }),
  field({
    env: 'DRAIN_MS',
    type: 'int',
    default: 8000,
    unit: 'ms',
    min: 0,
    max: 600_000,
    describe:
      'How long a stopping process may finish the work in its hands; what is not done by then is given back and goes on after the next start.',
    example: '20000',
  }),
] as const;

/** How often and how fast failed work is tried again. */
export const retryFields = [
  field({
    env: 'ATTEMPTS',
    type: 'int',
    default: 4,
    min: 1,
    max: 100,
    describe: 'How often work is tried that fails for a reason that may pass, before it goes to the dead letters.',
    example: '6',
  }),
  field({
    env: 'BACKOFF_MS',
    type: 'int',
    default: 500,
    unit: 'ms',
    min: 1,
    max: 3_600_000,
    describe: 'Pause before the second attempt; it doubles with each further one.',
    example: '1000',
  }),
  field({
    env: 'BACKOFF_MAX_MS',
    type: 'int',
    default: 30_000,
    unit: 'ms',
    min: 1,
    max: 3_600_000,
    describe: 'The longest pause between two attempts.',
    example: '60000',
  }),
  field({
    env: 'WAIT_ATTEMPTS',
    type: 'int',
    default: undefined,
    min: 1,
    max: 1_000_000,
    describe:
      'How often work is tried that the environment holds up (disk full, permission denied) before the recording fails. When not set: for ever, but 4 with --once.',
    example: '100',
  }),
] as const;

/** The largest recordings that are accepted; recordings are hostile input. */
export const limitFields = [
  field({
    env: 'MAX_PIXELS',
    type: 'int',
    default: 7680 * 4320,
    unit: 'pixels',
    min: 4,
    max: 2 ** 31,
    describe: 'The largest picture that is accepted, width times height.',
    example: '8294400',
  }),
  field({
    env: 'MAX_DURATION_S',
    type: 'int',
    default: 86_400,
    unit: 's',
    min: 1,
    max: 31_536_000,
    describe: 'The longest recording that is accepted.',
    example: '14400',
  }),
  field({
    env: 'MAX_BYTES',
    type: 'int',
    default: 500_000_000_000,
    unit: 'bytes',
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
    describe: 'The largest file that is accepted.',
    example: '20000000000',
  }),
] as const;
