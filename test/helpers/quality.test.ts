import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fixture } from '../fixtures/make.ts';
import { mustRun, presentBuilds } from './builds.ts';
import { readFrameNumbers } from './frame-numbers.ts';
import { listPackets } from './probe.ts';
import { psnrAtCuts } from './quality.ts';
import { temporaryFolder } from './temporary.ts';

const X264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '60', '-an'];

for (const build of presentBuilds()) {
  describe(`films are compared (${build.name})`, () => {
    test('frames next to a cut that are worse than the others are seen', async (t) => {
      const folder = await temporaryFolder(t);
      const reference = await fixture('no-audio');
      const film = async (name: string, filter: string) => {
        const path = join(folder, name);
        await mustRun(build.ffmpeg, ['-v', 'error', '-i', reference, '-vf', filter, ...X264, '-crf', '18', path]);
        return path;
      };
      const good = await film('good.mp4', 'null');
      const times = (await listPackets(build, good)).flatMap(({ pts }) => pts ?? []).sort((a, b) => a - b);
      const cuts = [60, 120].map((frame) => times[frame] as number);
      const same = await psnrAtCuts(build, reference, good, cuts);
      assert.equal(same.frames.length, 240);
      assert.ok(same.atCuts > same.elsewhere - 1, `${same.atCuts} at cuts, ${same.elsewhere} elsewhere`);
      // The frame just before the second cut is blurred, as a starved encoder would do it.
      const bad = await psnrAtCuts(build, reference, await film('bad.mp4', "boxblur=4:enable='eq(n,119)'"), cuts);
      assert.ok(bad.atCuts < bad.elsewhere - 5, `${bad.atCuts} at cuts, ${bad.elsewhere} elsewhere`);
      assert.ok(Math.abs(bad.elsewhere - same.elsewhere) < 3);
    });

    test('a film against itself has no noise at all', async () => {
      const path = await fixture('no-audio');
      const { atCuts } = await psnrAtCuts(build, path, path, [15_360]);
      assert.equal(atCuts, Number.POSITIVE_INFINITY);
    });

    test('the numbers of frames are read, and tell which one is missing', async (t) => {
      const reference = await fixture('odd-size');
      const numbers = Array.from({ length: 240 }, (_, i) => i);
      assert.deepEqual(await readFrameNumbers(build, reference), numbers);
      const film = join(await temporaryFolder(t), 'film.mp4');
      // Tinted, darkened and padded as a look does it: they stay legible.
      const look = "eq=brightness=-0.1:saturation=2,vignette,pad=322:182,select='not(eq(n,100))'";
      await mustRun(build.ffmpeg, ['-v', 'error', '-i', reference, '-vf', look, ...X264, '-crf', '30', film]);
      const read = await readFrameNumbers(build, film);
      assert.deepEqual([...new Set(read)], numbers.toSpliced(100, 1));
    });
  });
}
