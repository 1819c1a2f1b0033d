import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { DailiesError } from '@dailies/contracts';

/** The ffmpeg and ffprobe in use, and what this ffmpeg is able to do: asked of the binary, not guessed from its version. */
export interface FfmpegTools {
  readonly ffmpeg: string;
  readonly ffprobe: string;
  /** First line of `ffmpeg -version`, without the word and the copyright. */
  readonly version: string;
  /** True for the build that the npm package carries (2018): its decoders miss years of security fixes. */
  readonly bundled: boolean;
  /** Environment for ffprobe instead of ours; undefined passes ours on. */
  readonly probeEnv: Readonly<Record<string, string>> | undefined;
  /** Arguments that keep every frame at its own time: `-fps_mode` since 5.1, `-vsync` before (and gone in later ones). */
  readonly passthrough: readonly string[];
  /** Whether its bitstream filter `noise` can leave out packets by their number (5.1 can, the build of 2018 cannot). */
  readonly dropsPackets: boolean;
}

const run = promisify(execFile);
const require = createRequire(import.meta.url);

function onPath(name: string, path: string): string | null {
  for (const folder of path.split(delimiter)) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      if (folder) return file;
    } catch {
      // not here
    }
  }
  return null;
}

function carried(packageName: string): string | null {
  try {
    return (require(packageName) as { path: string }).path;
  } catch {
    return null;
  }
}

/** Where the npm packages' own binaries are, or null on a platform that they do not serve. */
export function bundledTools(): { ffmpeg: string; ffprobe: string } | null {
  const ffmpeg = carried('@ffmpeg-installer/ffmpeg');
  const ffprobe = carried('@ffprobe-installer/ffprobe');
  return ffmpeg && ffprobe ? { ffmpeg, ffprobe } : null;
}

/**
 * Finds ffmpeg and ffprobe: the paths given, else those on PATH, else those that npm packages carry.
 * @param search the folders to search, as in PATH
 * @throws DailiesError FFMPEG_MISSING when one is not there, does not start, or lacks libx264
 */
export async function findTools(
  given: { ffmpegPath?: string | undefined; ffprobePath?: string | undefined },
  search: string,
): Promise<FfmpegTools> {
  const bundle = bundledTools();
  const ffmpeg = given.ffmpegPath || onPath('ffmpeg', search) || bundle?.ffmpeg;
  const ffprobe = given.ffprobePath || onPath('ffprobe', search) || bundle?.ffprobe;
  if (!ffmpeg || !ffprobe) {
    throw new DailiesError(
      'FFMPEG_MISSING',
      `No ${ffmpeg ? 'ffprobe' : 'ffmpeg'} was found. Install it (Debian: apt install ffmpeg) or set FFMPEG_PATH and FFPROBE_PATH.`,
    );
  }
  // One process tells all: its banner the version, the full help the encoders and the options.
  const [{ stdout: help, stderr: banner }] = await Promise.all([ask(ffmpeg, '-h', 'full'), ask(ffprobe, '-version')]);
  if (!/^libx264 AVOptions:/m.test(help)) {
    throw new DailiesError(
      'FFMPEG_MISSING',
      `${ffmpeg} was built without libx264, so it cannot encode films. Install a full build or set FFMPEG_PATH.`,
    );
  }
  return Object.freeze({
    ffmpeg,
    ffprobe,
    version: /^ffmpeg version (\S+)/m.exec(banner)?.[1] ?? 'unknown',
    bundled: ffmpeg === bundle?.ffmpeg,
    // The npm package's ffprobe is linked statically and crashes when it loads a character set for the names in an
    // MPEG-TS. Where it finds none it takes them as they are.
    probeEnv: ffprobe === bundle?.ffprobe ? { GCONV_PATH: '/nonexistent' } : undefined,
    passthrough: Object.freeze(/^-fps_mode\b/m.test(help) ? ['-fps_mode', 'passthrough'] : ['-vsync', 'passthrough']),
    dropsPackets: /^\s*-drop\s+<string>/m.test(help),
  });
}

async function ask(binary: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  try {
    return await run(binary, args, { timeout: 20_000, maxBuffer: 16 * 1024 * 1024 });
  } catch (cause) {
    throw new DailiesError(
      'FFMPEG_MISSING',
      `${binary} ${args.join(' ')} did not run: ${cause instanceof Error ? cause.message.split('\n')[0] : cause}. Check FFMPEG_PATH and FFPROBE_PATH.`,
      { cause },
    );
  }
}
