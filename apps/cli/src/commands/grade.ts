import { DailiesError, type ErrorCode, type Look } from '@dailies/contracts';
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
import { gradePaths } from '../grade-paths.ts';
import type { GradeProgress } from '../grade-progress.ts';
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
  readonly kind: 'video' | 'image';
  readonly frames: number;
  readonly durationMs: number;
  readonly filmBytes: number;
  /** What is worth knowing of the recording: that it is cut off, what is left out. */
  readonly notes: readonly string[];
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
      'OUT is a file or a folder. Left out, the film is beside IN, named after the look: room.mp4 becomes room.both.mp4. The film is the same, frame by frame, as the pipeline makes.',
    ],
    fields: gradeFields,
    makesFilms: true,
    positionals: 2,
    async run(context, argv) {
      const { flags, positionals } = splitArguments(argv, gradeFields, 2);
      const config = loadConfig(gradeFields, { env: context.env, argv: flags, cwd: context.cwd });
      const look = findLook(config.look, await loadLooks(config.looksDir));
      const { input, output } = gradePaths(positionals, look.name, context.cwd, config.gradeForce);
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
    const length = film.kind === 'image' ? '' : `${count(film.frames, 'frame')}, ${duration(film.durationMs)}, `;
    context.stdout.write(
      `${quote(film.film)}: ${length}${size(film.filmBytes)}, in ${(tookMs / 1000).toFixed(1)} s${speed}\n`,
    );
    for (const note of film.notes) context.stderr.write(`Note: ${note}.\n`);
    return EXIT.ok;
  } catch (error) {
    screen.end();
    if (!stop.signal.aborted) throw advised(error);
    context.stderr.write('Stopped; no film was made.\n');
    return stop.signal.reason === 'SIGINT' ? 130 : 143;
  } finally {
    unhook();
  }
}

/** The table of errors speaks to who runs the pipeline; here nothing is picked up by itself, and nothing is replayed. */
const ADVICE: Partial<Record<ErrorCode, string>> = {
  RECORDING_EMPTY: 'Nothing was recorded in it.',
  RECORDING_UNREADABLE: 'Play the file; when it is damaged, repair it first.',
  RECORDING_NO_MOOV: 'Repair it with a tool such as untrunc and a good recording of the same Jibri.',
  RECORDING_NO_VIDEO: 'There is nothing to grade in it.',
  RECORDING_CHANGED: 'Grade it again when nobody writes to it any more.',
  RECORDING_GONE: 'Check the name.',
  FRAMES_MISMATCH: 'The recording is damaged: it does not decode to the frames that it announces.',
  SETUP_MISMATCH: 'Please report it with the message.',
  AUDIO_UNSUPPORTED: 'Convert the sound of the recording first, for example to AAC.',
};

function advised(thrown: unknown): unknown {
  if (!(thrown instanceof DailiesError) || 'todo' in thrown.details) return thrown;
  const todo = ADVICE[thrown.code];
  return todo
    ? new DailiesError(thrown.code, thrown.message, { cause: thrown, details: { ...thrown.details, todo } })
    : thrown;
}
