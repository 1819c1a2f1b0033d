import { existsSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import type { Look } from '@dailies/contracts';
import { workerFields } from '@dailies/filter-worker';
import { splitterFields } from '@dailies/frame-splitter';
import { findLook, loadLooks } from '@dailies/grade';
import { quote } from '@dailies/library';
import { type FfmpegTools, findTools } from '@dailies/media';
import { type ConfigOf, field, limitFields, loadConfig, pickFields, processFields, toolFields } from '@dailies/service';
import { splitArguments } from '../arguments.ts';
import { type Command, type Context, EXIT } from '../command.ts';
import { commandLog } from '../command-log.ts';
import { count, duration, rate, size } from '../figures.ts';
import { gradeLine } from '../grade-line.ts';
import type { GradeProgress } from '../grade-progress.ts';
import { refusal } from '../report.ts';
import { createScreen } from '../screen.ts';
import { bundledWarning } from '../startup-text.ts';

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
      const look = findLook(config.look, await loadLooks(config.looksDir));
      const { input, output } = filesOf(positionals, look.name, context.cwd, config.gradeForce);
      const tools = await findTools(config, context.env.PATH ?? '');
      const warning = bundledWarning(tools);
      if (warning) commandLog(context, config).warn(warning);
      return showing(context, (onProgress, signal) =>
        gradeFile(input, output, { look, tools, config, onProgress, signal }),
      );
    },
  };
}

/** Runs the work with a progress bar on a terminal; a signal stops it. @returns the exit code */
async function showing(
  context: Context,
  work: (onProgress: (progress: GradeProgress) => void, signal: AbortSignal) => Promise<GradedFile>,
): Promise<number> {
  const screen = createScreen(context.stderr);
  const stop = new AbortController();
  const unhook = context.hooks.onSignal((signal) => stop.abort(signal));
  const beganMs = performance.now();
  try {
    const film = await work((progress) => {
      screen.live([gradeLine(progress, performance.now() - beganMs, context.stderr.columns() - 1)]);
    }, stop.signal);
    screen.end();
    const tookMs = performance.now() - beganMs;
    const speed = film.durationMs > 0 ? `, ${rate(film.durationMs / tookMs)}x real time` : '';
    const facts = `${count(film.frames, 'frame')}, ${duration(film.durationMs)}, ${size(film.filmBytes)}`;
    context.stdout.write(`${quote(film.film)}: ${facts}, in ${(tookMs / 1000).toFixed(1)} s${speed}\n`);
    return EXIT.ok;
  } catch (error) {
    screen.end();
    if (!stop.signal.aborted) throw error;
    context.stderr.write('Stopped; no film was made.\n');
    return stop.signal.reason === 'SIGINT' ? 130 : 143;
  } finally {
    unhook();
  }
}

function filesOf(
  positionals: readonly string[],
  look: string,
  cwd: string,
  force: boolean,
): { input: string; output: string } {
  const [given, wanted] = positionals;
  if (!given) throw refusal('Which file?', 'Name it: dailies grade IN [OUT].');
  const input = resolve(cwd, given);
  const output = wanted ? resolve(cwd, wanted) : defaultOutput(input, look);
  if (!existsSync(input)) throw refusal(`${quote(input)} does not exist.`, 'Check the name.', 'RECORDING_GONE');
  if (output === input) throw refusal(`${quote(output)} is the recording itself.`, 'Give the film another name.');
  if (existsSync(output) && !force)
    throw refusal(`${quote(output)} exists already.`, 'Name another film, or replace it with --force.');
  return { input, output };
}

/** `a/room.webm` → `a/room.both.mp4`. */
export function defaultOutput(input: string, look: string): string {
  const extension = extname(input);
  const stem = extension ? input.slice(0, -extension.length) : input;
  const isImage = /^\.(jpe?g|png|webp)$/i.test(extension);
  return `${stem}.${look}${isImage ? extension : '.mp4'}`;
}
