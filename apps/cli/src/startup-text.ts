import type { FfmpegTools } from '@dailies/media';
import { safeText } from '@dailies/service';

export interface StartupFacts {
  readonly version: string;
  readonly recordings: string;
  readonly processed: string;
  readonly archived: string;
  readonly tools: FfmpegTools;
  readonly look: string;
  readonly slots: number;
  readonly once: boolean;
}

/** The first lines of `run`: what it is, where it looks, where things go, and with what. */
export function startupLines(facts: StartupFacts): string[] {
  return [
    `Dailies ${facts.version}`,
    `${facts.once ? 'works through' : 'watches'} ${safeText(facts.recordings)}`,
    `films go to ${safeText(facts.processed)}, originals to ${safeText(facts.archived)}`,
    `look ${facts.look}, ${facts.slots} worker ${facts.slots === 1 ? 'slot' : 'slots'}, ffmpeg ${facts.tools.version} (${safeText(facts.tools.ffmpeg)})`,
  ];
}

/** Said plainly when the old build is in use; null otherwise. */
export function bundledWarning(tools: FfmpegTools): string | null {
  if (!tools.bundled) return null;
  return `ffmpeg ${tools.version} is the build of 2018 that an npm package carries. Its decoders miss years of security fixes, and recordings are input from outside: install the system's ffmpeg (Debian: apt install ffmpeg) and start again.`;
}
