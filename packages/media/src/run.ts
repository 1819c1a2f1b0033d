import type { ChildProcess } from 'node:child_process';
import { setPriority } from 'node:os';
import type { Writable } from 'node:stream';
import { DailiesError } from '@dailies/contracts';
import type { FfmpegCommand } from 'fluent-ffmpeg';
import { readFailed, tellsOfReadError } from './read-errors.ts';
import type { FfmpegTools } from './tools.ts';

export interface FfmpegInput {
  /** Options before this input's `-i`, one argument per element. */
  readonly options: readonly string[];
  /** An absolute path, or `pipe:0` for the bytes that `feed` writes. */
  readonly source: string;
}

export interface FfmpegRun {
  readonly tools: FfmpegTools;
  readonly inputs: readonly FfmpegInput[];
  /** The file among the inputs that has to be read to its end: a read error is an error of the run. */
  readonly reads?: string | undefined;
  /** Options of the output, one argument per element. */
  readonly output: readonly string[];
  /** An absolute path, or a stream that gets ffmpeg's stdout. The stream must not destroy itself when it finishes. */
  readonly target: string | Writable;
  /** Writes ffmpeg's stdin and ends it. Its error is the run's error unless ffmpeg itself failed first. */
  readonly feed?: (stdin: Writable) => Promise<void>;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Niceness of the process, 0 to 19: how far it stands back behind others. 0 when left out. */
  readonly nice?: number | undefined;
  /** What this run is for, for the error message: "decode a batch". */
  readonly purpose: string;
}

/** Lines of stderr that an error keeps. */
const TAIL_LINES = 12;

/**
 * Runs one ffmpeg process to its end, the only place that starts one.
 * @throws DailiesError IO_FAILED when `reads` could not be read, FFMPEG_FAILED (with exit reason, arguments and stderr tail kept apart), FFMPEG_TIMEOUT, ABORTED;
 *   an error of the target or of `feed` is thrown as it is
 */
export async function runFfmpeg(run: FfmpegRun): Promise<{ stderr: string }> {
  // Loaded here: the threads of the slots, which share this package, start no ffmpeg.
  const { default: Ffmpeg } = await import('fluent-ffmpeg');
  if (run.signal?.aborted) throw aborted(run.purpose);
  const command = unasked(outOfReach(Ffmpeg({ stdoutLines: 200 }).setFfmpegPath(run.tools.ffmpeg)));
  for (const [i, input] of run.inputs.entries()) {
    command.input(input.source);
    // Separate arguments: fluent-ffmpeg splits a lone option at its blank.
    command.inputOptions(
      ...both(i === 0 ? ['-nostdin', '-hide_banner', '-loglevel', 'error', ...input.options] : input.options),
    );
  }
  command.output(run.target as string, { end: true });
  command.outputOptions(...both(run.output));

  // Collected here and not thrown at once, so that the process is always waited for.
  let cut: DailiesError | null = null;
  let fedBadly: { thrown: unknown } | null = null;
  let feeding: Promise<void> = Promise.resolve();
  let unread: string | null = null;
  const targetDone = typeof run.target === 'string' ? Promise.resolve(null) : whenFinished(run.target);

  const stop = (error: DailiesError): void => {
    cut ??= error;
    command.kill('SIGKILL');
  };
  const onAbort = (): void => stop(aborted(run.purpose));
  const timer = setTimeout(
    () =>
      stop(
        new DailiesError(
          'FFMPEG_TIMEOUT',
          `ffmpeg took more than ${Math.round(run.timeoutMs / 1000)} s to ${run.purpose}, so it was ended.`,
        ),
      ),
    run.timeoutMs,
  );
  run.signal?.addEventListener('abort', onAbort);

  const ended = new Promise<{ error: Error | null; stderr: string; args: string }>((resolve) => {
    let args = '';
    command.on('start', (line: string) => {
      args = line;
      // Aborted before the process was there.
      if (cut) command.kill('SIGKILL');
      const process = (command as unknown as { ffmpegProc: ChildProcess }).ffmpegProc;
      if (run.nice) standBack(process.pid, run.nice);
      process.stdin?.on('error', () => {}); // EPIPE: ffmpeg's own exit tells why
      if (run.feed && process.stdin) {
        feeding = run.feed(process.stdin).catch((thrown: unknown) => {
          fedBadly = { thrown };
          process.stdin?.destroy();
        });
      }
    });
    command.on('stderr', (line: string) => {
      const output = typeof run.target === 'string' ? run.target : null;
      if (run.reads && tellsOfReadError(line, run.reads, output)) unread ??= line;
    });
    command.on('end', (_stdout: unknown, stderr: string | null) =>
      resolve({ error: null, stderr: stderr ?? '', args }),
    );
    command.on('error', (error: Error, _stdout: unknown, stderr: string | null) =>
      resolve({ error, stderr: stderr ?? '', args }),
    );
  });
  command.run();
  try {
    const end = await ended;
    const tail = end.stderr.trim().split('\n').slice(-TAIL_LINES).join('\n');
    if (cut) throw cut;
    // Before all that follows from it: a packet that is cut off, an exit.
    if (unread && run.reads) throw readFailed(run.reads, unread, end.error ?? undefined);
    const streamError = end.error as (Error & { outputStreamError?: Error }) | null;
    if (streamError?.outputStreamError) throw streamError.outputStreamError;
    if (end.error && !(fedBadly && isOwnError(fedBadly))) {
      const reason = /exited with code \d+|killed with signal \w+/.exec(end.error.message)?.[0] ?? end.error.message;
      throw new DailiesError('FFMPEG_FAILED', `ffmpeg could not ${run.purpose} (${reason}): ${lastLine(tail)}`, {
        cause: end.error,
        details: { command: end.args.slice(0, 4000), stderr: tail },
      });
    }
    await feeding;
    if (fedBadly) throw (fedBadly as { thrown: unknown }).thrown;
    // What ffmpeg wrote may be in hand for long after its end, and the hand may fail or be stopped then.
    const refused = await targetDone;
    if (cut) throw cut;
    if (refused) throw refused;
    return { stderr: tail };
  } finally {
    clearTimeout(timer);
    run.signal?.removeEventListener('abort', onAbort);
  }
}

function standBack(pid: number | undefined, nice: number): void {
  try {
    if (pid !== undefined) setPriority(pid, nice);
  } catch {
    // It has ended already; or it may not, and works as others do.
  }
}

type Spawn = (args: string[], options: object, ...callbacks: unknown[]) => void;

/**
 * Starts ffmpeg in a process group of its own. Ctrl-C signals the whole group of the terminal: ffmpeg would end at once,
 * while we mean to finish the work in hand. fluent-ffmpeg has no option for it, so its call of `spawn` is given one.
 */
function outOfReach(command: FfmpegCommand): FfmpegCommand {
  const internal = command as unknown as { _spawnFfmpeg: Spawn };
  const spawnFfmpeg = internal._spawnFfmpeg;
  internal._spawnFfmpeg = (args, options, ...callbacks) =>
    spawnFfmpeg.call(command, args, { ...options, detached: true }, ...callbacks);
  return command;
}

type Ask = (answer: (error: Error | null, found: object) => void) => void;

/**
 * Before its first command fluent-ffmpeg asks the binary for its formats and encoders: two processes, each with the whole
 * dynamic linking of ffmpeg. `findTools` has asked what we need to know, and ffmpeg itself refuses what it does not have.
 */
function unasked(command: FfmpegCommand): FfmpegCommand {
  const internal = command as unknown as { _checkCapabilities: (done: () => void) => void; availableEncoders: Ask };
  internal._checkCapabilities = (done) => done();
  internal.availableEncoders = (answer) => answer(null, {});
  return command;
}

/** A broken pipe says only that ffmpeg went away; any other error of `feed` is the cause of ffmpeg's failure. */
function isOwnError(fed: { thrown: unknown }): boolean {
  const code = fed.thrown instanceof Error && 'code' in fed.thrown ? fed.thrown.code : null;
  return code !== 'EPIPE' && code !== 'ERR_STREAM_DESTROYED' && code !== 'ERR_STREAM_PREMATURE_CLOSE';
}

/** fluent-ffmpeg splits only when it is given one argument; an empty one would be passed on. */
function both(options: readonly string[]): [string, string, ...string[]] {
  return options as unknown as [string, string, ...string[]];
}

/** Resolves when all has been taken, with null or the error of the target. */
function whenFinished(target: Writable): Promise<Error | null> {
  return new Promise((resolve) => {
    target.once('finish', () => resolve(null));
    target.once('error', resolve);
  });
}

function aborted(purpose: string): DailiesError {
  return new DailiesError('ABORTED', `Stopped while ffmpeg was to ${purpose}; the work is given back.`);
}

function lastLine(tail: string): string {
  return tail.split('\n').at(-1) || 'it gave no reason';
}
