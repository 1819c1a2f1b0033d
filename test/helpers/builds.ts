import { execFile } from 'node:child_process';
import { accessSync, constants, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** A pair of programs that tests run by themselves, without any code of ours between. */
export interface Build {
  /** For the names of tests: `npm` for the binaries that npm packages carry (ffmpeg of 2018), `path` for the system's, `given` for DAILIES_TEST_FFMPEG. */
  readonly name: 'npm' | 'path' | 'given';
  readonly ffmpeg: string;
  readonly ffprobe: string;
}

const require = createRequire(import.meta.url);
const start = promisify(execFile);

/** The builds that are present on this machine, the newest kind first; never empty on a platform that npm serves. */
export function presentBuilds(): Build[] {
  const builds: Build[] = [];
  const ffmpeg = onPath('ffmpeg');
  const ffprobe = onPath('ffprobe');
  if (ffmpeg && ffprobe) builds.push({ name: 'path', ffmpeg, ffprobe });
  const given = process.env.DAILIES_TEST_FFMPEG;
  if (given && given !== ffmpeg)
    builds.push({
      name: 'given',
      ffmpeg: given,
      ffprobe: process.env.DAILIES_TEST_FFPROBE ?? join(dirname(given), 'ffprobe'),
    });
  const npm = npmBuild();
  if (npm && npm.ffmpeg !== ffmpeg) builds.push(npm);
  return builds;
}

/** What `npm ci` alone brings, or null on a platform that the packages do not serve. */
export function npmBuild(): Build | null {
  try {
    const pathOf = (name: string) => (require(name) as { path: string }).path;
    return {
      name: 'npm',
      ffmpeg: pathOf('@ffmpeg-installer/ffmpeg'),
      ffprobe: pathOf('@ffprobe-installer/ffprobe'),
    };
  } catch {
    return null;
  }
}

/** The build that judges and measures: the system's, else npm's. */
export function anyBuild(): Build {
  const [first] = presentBuilds();
  if (!first) throw new Error('no ffmpeg and ffprobe: run `npm ci`, or install ffmpeg');
  return first;
}

function onPath(name: string): string | null {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      if (folder) return realpathSync(file);
    } catch {
      // not here
    }
  }
  return null;
}

/** How a program ended; it is up to the caller what a non-zero exit code means. */
export interface Ended {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Nothing that tests run takes so long, on a busy machine either. */
const LIMIT_MS = 600_000;

/** Runs a program to its end, at most ten minutes, with arguments as an array. */
export async function runProgram(program: string, args: readonly string[]): Promise<Ended> {
  const options = { encoding: 'buffer', maxBuffer: 1 << 29, timeout: LIMIT_MS } as const;
  try {
    const { stdout, stderr } = await start(program, args, options);
    return { code: 0, stdout, stderr: stderr.toString('utf8') };
  } catch (error) {
    const failed = error as { code?: number | string | null; killed?: boolean; stdout?: Buffer; stderr?: Buffer };
    // A program that is killed because it says too much has a code.
    if (failed.killed && failed.code === null)
      throw new Error(`${program} had not ended after ${LIMIT_MS / 1000} s: ${args.join(' ')}`, { cause: error });
    if (typeof failed.code !== 'number') throw error;
    return { code: failed.code, stdout: failed.stdout ?? Buffer.alloc(0), stderr: String(failed.stderr ?? '') };
  }
}

/** Runs a program that has to succeed. @returns its standard output */
export async function mustRun(program: string, args: readonly string[]): Promise<Buffer> {
  const { code, stdout, stderr } = await runProgram(program, args);
  if (code === 0) return stdout;
  throw new Error(`${program} ${args.join(' ')}\nended with ${code}: ${stderr.trim().slice(-2000)}`);
}

/** Arguments of this ffmpeg that keep each frame at its own time: `-vsync` is gone in newer builds, `-fps_mode` missing in older ones. */
export async function passthroughArguments(ffmpeg: string): Promise<readonly string[]> {
  const help = (await mustRun(ffmpeg, ['-hide_banner', '-h', 'long'])).toString('utf8');
  return [/^-fps_mode\b/m.test(help) ? '-fps_mode' : '-vsync', 'passthrough'];
}
