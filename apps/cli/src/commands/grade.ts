import { existsSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { DailiesError, type Look } from '@dailies/contracts';
import { workerFields } from '@dailies/filter-worker';
import { splitterFields } from '@dailies/frame-splitter';
import { findLook } from '@dailies/grade';
import { quote } from '@dailies/library';
import { type FfmpegTools, findTools } from '@dailies/media';
import { type ConfigOf, field, limitFields, loadConfig, pickFields, processFields, toolFields } from '@dailies/service';
import { splitArguments } from '../arguments.ts';
import { type Command, EXIT } from '../command.ts';
import { commandLog } from '../command-log.ts';
import { duration, rate, size } from '../figures.ts';
import { gradeLine } from '../grade-line.ts';
import { createScreen } from '../screen.ts';
import { bundledWarning } from '../startup-text.ts';
import { readLooks } from './looks.ts';

export const gradeFields = [
  ...pickFields(splitterFields, 'LOOK', 'LOOKS_DIR', 'PRESET', 'CRF', 'LOSSLESS', 'BATCH_SECONDS', 'SPLIT_TIMEOUT_MS'),
  ...workerFields,
  ...limitFields,
  ...toolFields,
  ...processFields,
  field({
    env: 'GRADE_FORCE',
    flag: '--force',
    type: 'boolean',
    default: false,
    describe: 'Replace the film when there is one of that name.',
    example: 'true',
  }),
] as const;

export type GradeConfig = ConfigOf<typeof gradeFields>;

export interface GradeProgress {
  readonly frames: number;
  /** Null until they are counted. */
  readonly totalFrames: number | null;
  readonly durationMs: number | null;
}

export interface GradedFile {
  /** Where the film is: its extension may have become `.mov` for sound that MP4 cannot carry. */
  readonly film: string;
  readonly frames: number;
  readonly durationMs: number;
  readonly filmBytes: number;
}

export interface GradeOptions {
  readonly look: Look;
  readonly tools: FfmpegTools;
  readonly config: GradeConfig;
  onProgress(progress: GradeProgress): void;
  readonly signal: AbortSignal;
}

/**
 * Grades one file without a bus, by the very steps of the pipeline. The film appears whole or not at all.
 * @param input absolute path
 * @param output absolute path; replaced when it exists
 * @throws DailiesError
 */
export type GradeFile = (input: string, output: string, options: GradeOptions) => Promise<GradedFile>;

const SIGNAL_EXIT = { SIGINT: 130, SIGTERM: 143 } as const;

/** One file, no bus, with a progress bar. */
export function gradeCommand(gradeFile: GradeFile): Command {
  return {
    name: 'grade',
    usage: 'grade IN [OUT]',
    summary: 'Make the film of one file, without folders and bus.',
    details: [
      'OUT is IN with the name of the look before the extension when left out: room.mp4 becomes room.both.mp4. The film is the same, frame by frame, as the pipeline makes.',
    ],
    fields: gradeFields,
    positionals: 2,
    async run(context, argv) {
      const { flags, positionals } = splitArguments(argv, gradeFields, 2);
      const config = loadConfig(gradeFields, { env: context.env, argv: flags, cwd: context.cwd });
      const [given, wanted] = positionals;
      if (!given) throw new DailiesError('CONFIG_INVALID', 'Which file? dailies grade IN [OUT].');
      const input = resolve(context.cwd, given);
      const look = findLook(config.look, await readLooks(config.looksDir));
      const output = wanted ? resolve(context.cwd, wanted) : defaultOutput(input, look.name);
      if (!existsSync(input)) throw new DailiesError('CONFIG_INVALID', `${quote(input)} does not exist.`);
      if (output === input)
        throw new DailiesError(
          'CONFIG_INVALID',
          `${quote(output)} is the recording itself: give the film another name.`,
        );
      if (existsSync(output) && !config.gradeForce) {
        throw new DailiesError(
          'CONFIG_INVALID',
          `${quote(output)} exists already. Name another film, or replace it with --force.`,
        );
      }
      const log = commandLog(context, config);
      const tools = await findTools(config, context.env.PATH ?? '');
      const warning = bundledWarning(tools);
      if (warning) log.warn(warning);
      const screen = createScreen(context.stderr);
      const stop = new AbortController();
      let signalled: string | null = null;
      const unhook = context.hooks.onSignal((signal) => {
        signalled = signal;
        stop.abort();
      });
      const beganMs = performance.now();
      try {
        const film = await gradeFile(input, output, {
          look,
          tools,
          config,
          signal: stop.signal,
          onProgress: (progress) =>
            screen.live([gradeLine(progress, performance.now() - beganMs, context.stderr.columns() - 1)]),
        });
        screen.end();
        const tookMs = performance.now() - beganMs;
        const speed = film.durationMs > 0 ? ` (${rate(film.durationMs / tookMs)}x real time)` : '';
        context.stdout.write(
          `${quote(film.film)}: ${film.frames} frames, ${duration(film.durationMs)}, ${size(film.filmBytes)}, in ${(tookMs / 1000).toFixed(1)} s${speed}\n`,
        );
        return EXIT.ok;
      } catch (error) {
        screen.end();
        if (signalled === null) throw error;
        context.stderr.write('Stopped; no film was made.\n');
        return signalled === 'SIGINT' ? SIGNAL_EXIT.SIGINT : SIGNAL_EXIT.SIGTERM;
      } finally {
        unhook();
      }
    },
  };
}

/** `a/room.webm` → `a/room.both.mp4`. */
export function defaultOutput(input: string, look: string): string {
  const extension = extname(input);
  const stem = extension ? input.slice(0, -extension.length) : input;
  const isImage = /^\.(jpe?g|png|webp)$/i.test(extension);
  return `${stem}.${look}${isImage ? extension : '.mp4'}`;
}
