import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { anyBuild, type Build } from './builds.ts';

/** What the poisoned ffmpeg says before it fails. */
export const POISON_SAYS = 'this batch is poisoned';

export interface PoisonedBuild extends Build {
  /** From now on nothing fails any more. */
  cure(): Promise<void>;
}

/**
 * A build whose ffmpeg fails each time it is to encode a batch of a recording with this many frames a second, and works for
 * all others: what a batch does that makes a decoder or encoder crash.
 */
export async function poisonedBuild(folder: string, framesPerSecond: number): Promise<PoisonedBuild> {
  const { ffmpeg, ffprobe } = anyBuild();
  const script = join(folder, 'ffmpeg');
  const poison = join(folder, 'poison');
  await writeFile(poison, '');
  await writeFile(
    script,
    `#!/bin/sh
case "$*" in
  *fps=${framesPerSecond}/1*) if [ -e '${poison}' ]; then echo '${POISON_SAYS}' >&2; exit 1; fi ;;
esac
exec '${ffmpeg}' "$@"
`,
  );
  await chmod(script, 0o755);
  return { name: 'given', ffmpeg: script, ffprobe, cure: () => rm(poison) };
}
