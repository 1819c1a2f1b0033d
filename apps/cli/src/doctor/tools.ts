import { findTools } from '@dailies/media';
import { bundledWarning } from '../startup-text.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import type { Check } from './input.ts';

/** Older ones miss options that make films exact, and fixes. */
const OLDEST_GOOD = 5;

/** Whether there is an ffmpeg that decodes, and encodes H.264. */
export const toolsCheck: Check = {
  name: 'ffmpeg',
  async run({ config, searchPath }): Promise<Finding[]> {
    const tools = await findTools(config, searchPath).catch((error: unknown) => error as Error);
    if (tools instanceof Error)
      return [
        fail(
          'ffmpeg',
          tools.message,
          'Install ffmpeg (Debian: apt install ffmpeg), or set FFMPEG_PATH and FFPROBE_PATH.',
        ),
      ];
    const found = `${tools.version} with libx264 (${tools.ffmpeg}, ${tools.ffprobe})`;
    const old = bundledWarning(tools);
    if (old) return [warn('ffmpeg', `${found}. ${old}`, 'Debian: apt install ffmpeg')];
    const major = Number(/^n?(\d+)\./.exec(tools.version)?.[1] ?? Number.NaN);
    if (major < OLDEST_GOOD) return [warn('ffmpeg', `${found}: it is old.`, `Install ffmpeg ${OLDEST_GOOD} or newer.`)];
    return [ok('ffmpeg', found)];
  },
};
