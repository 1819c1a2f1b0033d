import { access, chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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
  return illBuild(folder, `*fps=${framesPerSecond}/1*`, `echo '${POISON_SAYS}' >&2; exit 1`);
}

export interface StuckBuild extends PoisonedBuild {
  /** Resolves when a film is put together, which lasts until it is killed. */
  begun(): Promise<void>;
}

/** A build that takes five minutes to put a film together, as for a recording of many hours, until it is cured. */
export async function stuckBuild(folder: string): Promise<StuckBuild> {
  const mark = join(folder, 'begun');
  const build = await illBuild(folder, '*-max_interleave_delta*', `: >'${mark}'; exec sleep 300`);
  const isThere = () =>
    access(mark).then(
      () => true,
      () => false,
    );
  return {
    ...build,
    async begun() {
      // Nothing is held up by who asks: the process that was to begin may have ended.
      while (!(await isThere())) await sleep(20, undefined, { ref: false });
    },
  };
}

/**
 * A build that grades the first batches; all others wait until it is cured. What is to happen in the middle of the work
 * does so, however slow the test is.
 */
export async function gatedBuild(folder: string, batches = 1): Promise<PoisonedBuild> {
  const passes = Array.from({ length: batches }, (_, n) => `mkdir '${join(folder, `passed-${n}`)}' 2>/dev/null`);
  const wait = `while [ -e '${poisonOf(folder)}' ]; do sleep .05; done`;
  // Only encoders are told this.
  return illBuild(folder, '*stitchable=1*', [...passes, wait].join(' || '));
}

const poisonOf = (folder: string): string => join(folder, 'poison');

/** A build that does something else for a command line which fits, until it is cured. */
async function illBuild(folder: string, pattern: string, instead: string): Promise<PoisonedBuild> {
  const { ffmpeg, ffprobe } = anyBuild();
  const script = join(folder, 'ffmpeg');
  const poison = poisonOf(folder);
  await writeFile(poison, '');
  await writeFile(
    script,
    `#!/bin/sh
case "$*" in
  ${pattern}) if [ -e '${poison}' ]; then ${instead}; fi ;;
esac
exec '${ffmpeg}' "$@"
`,
  );
  await chmod(script, 0o755);
  return { name: 'given', ffmpeg: script, ffprobe, cure: () => rm(poison) };
}
