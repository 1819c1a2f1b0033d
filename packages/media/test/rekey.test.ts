import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sha256 } from '@dailies/contracts';
import { findTools, makeFilm, prepareSplit, readSource, type Source, type StoredBatch } from '../src/index.ts';

// A restarted splitter goes on where it was: what it sends then has to go with what was sent before.

const tools = await findTools({ ffmpegPath: undefined, ffprobePath: undefined }, process.env.PATH ?? '');
const limits = { maxPixels: 1e8, maxDurationS: 1e5, maxBytes: 1e9 };
const options = { timeoutMs: 120_000, batchSeconds: 4 };

test('cutting by decoding gives the same batches each time, also where the bit rate is at its bound and the window holds it up', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'dailies-rekey-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'noise.mp4');
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=s=640x360:r=30,noise=alls=20:allf=t', '-t', '16'];
  const encode = ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '20', '-g', '120', '-pix_fmt', 'yuv420p'];
  execFileSync(tools.ffmpeg, ['-v', 'error', ...picture, ...encode, path]);
  const source = await readSource(tools, path, limits);
  const cut = async (hold: () => Promise<void>): Promise<string[]> => {
    const split = await prepareSplit(tools, source, options, 'copy');
    assert.equal(split.cut, 'rekey', 'its GOPs are too large for a message');
    const batches: string[] = [];
    await split.run({
      wants: () => true,
      async batch({ pts, payload }) {
        batches.push(`${pts[0]} ${pts.length} ${sha256(payload)}`);
        await hold();
      },
    });
    return batches;
  };
  const first = await cut(async () => {});
  assert.ok(first.length > 2);
  // While nobody reads, its threads run into each other.
  const held = await cut(() => new Promise((resolve) => setTimeout(resolve, 200)));
  assert.deepEqual(held, first);
});

test('batches of two different cuts are not joined, and the reason says so', async () => {
  const read = async () => assert.fail('nothing is read of it');
  const batch = (index: number, pts: number[], endPts: number): StoredBatch => ({ index, pts, endPts, read });
  const film = join(tmpdir(), 'dailies-never-made.mp4');
  const recorded = { source: {} as Source, sound: [] };
  const job = { recording: film, recorded, timeBase: { num: 1, den: 90 }, limits, film, timeoutMs: 1000 };
  await assert.rejects(makeFilm(tools, { ...job, batches: [batch(0, [0, 3, 6], 9), batch(1, [6, 9], 12)] }), {
    code: 'FILM_NOT_EXACT',
    message: /Batches 0 and 1 hold frames of the same time: they come from two different cuts/,
  });
});
