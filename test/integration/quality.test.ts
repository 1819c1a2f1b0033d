import assert from 'node:assert/strict';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { MAX_VALUE_BYTES } from '@dailies/bus';
import { findLook, gradeReference } from '@dailies/grade';
import { type FixtureName, fixture } from '../fixtures/make.ts';
import { anyBuild, type Build, mustRun, passthroughArguments } from '../helpers/builds.ts';
import { makeRoom } from '../helpers/dailies.ts';
import { assertExact } from '../helpers/judge.ts';
import { listPackets } from '../helpers/probe.ts';
import { psnrAtCuts } from '../helpers/quality.ts';

const build = anyBuild();

for (const name of ['cfr30-gop250', 'cfr30-gop60'] as const satisfies readonly FixtureName[]) {
  test(`frames next to cuts are no worse than others: ${name}`, { timeout: 600_000 }, async (t) => {
    const room = await makeRoom(t, build);
    const recording = await fixture(name);
    await room.put(recording);
    const { code, output } = await room.dailies('run', '--once', '--look', 'none');
    assert.equal(code, 0, output);
    const [row] = await room.status();
    const film = join(room.folder, String(row?.film));
    // Each batch begins with a keyframe, so all keyframes but the first are all cuts, and a few places that are none.
    const keys = (await listPackets(build, film)).filter((packet) => packet.stream === 0 && packet.key);
    const cuts = keys.map((packet) => packet.pts as number).toSorted((a, b) => a - b);
    assert.ok(cuts.length > 3, `${cuts.length} keyframes in 20 s`);
    const { atCuts, elsewhere } = await psnrAtCuts(build, recording, film, cuts.slice(1));
    assert.ok(atCuts > elsewhere - 1, `${atCuts} dB at cuts, ${elsewhere} dB elsewhere`);
  });
}

const graded = ['both', 'cinematic', 'split-tint'];
test(`without loss, every frame is what the float reference gives, to one code value: ${graded.join(', ')}`, {
  timeout: 600_000,
}, async (t) => {
  const [width, height] = [320, 180];
  const recording = await fixture('h264.mov');
  const before = await rawFrames(build, recording, (width * height * 3) / 2);
  assert.equal(before.length, 240);
  for (const name of graded) {
    const room = await makeRoom(t, build);
    await room.put(recording);
    const { code, output } = await room.dailies('run', '--once', '--lossless', '--look', name);
    assert.equal(code, 0, output);
    const [row] = await room.status();
    const after = await rawFrames(build, join(room.folder, String(row?.film)), (width * height * 3) / 2);
    assert.equal(after.length, before.length);
    const look = findLook(name);
    for (const [i, frame] of before.entries()) {
      const wanted = gradeReference(frame, width, height, look);
      assert.ok(farthest(wanted, after[i] as Buffer) <= 1, `frame ${i}, ${name}`);
      assert.ok(farthest(wanted, frame) > 1, `frame ${i} is not changed by ${name}`);
    }
  }
});

/** The largest difference of two samples. */
function farthest(one: Uint8Array, other: Uint8Array): number {
  assert.equal(one.length, other.length);
  let most = 0;
  for (let at = 0; at < one.length; at++) most = Math.max(most, Math.abs((one[at] as number) - (other[at] as number)));
  return most;
}

// Lossless noise in 720p: 4 s of it take more than any bus carries in one message, which failed the recording.
test('a graded batch of several messages becomes an exact film', { timeout: 600_000 }, async (t) => {
  const room = await makeRoom(t, build);
  const recording = join(room.folder, 'noise.mp4');
  const noise = 'testsrc2=size=1280x720:rate=15:duration=4,noise=alls=24:allf=t';
  const encoder = ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '24', '-g', '60', '-pix_fmt', 'yuv420p'];
  await mustRun(build.ffmpeg, ['-nostdin', '-v', 'error', '-f', 'lavfi', '-i', noise, ...encoder, recording]);
  await room.put(recording, 'room/noise.mp4');
  await rm(recording);
  const lossless = ['--lossless', '--preset', 'ultrafast', '--look', 'both'];
  const { code, output } = await room.dailies('run', '--once', ...lossless);
  assert.equal(code, 0, output);
  const [row] = await room.status();
  const film = join(room.folder, String(row?.film));
  const { size } = await stat(film);
  assert.ok(size > MAX_VALUE_BYTES, `${size} bytes: the batch would have been one message`);
  await assertExact(join(room.folder, String(row?.archived)), film, build);
});

/** All frames as I420, in the order of showing. */
async function rawFrames({ ffmpeg }: Build, path: string, bytes: number): Promise<Buffer[]> {
  const input = ['-nostdin', '-v', 'error', '-i', path, '-map', '0:v:0'];
  const output = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-'];
  const raw = await mustRun(ffmpeg, [...input, ...(await passthroughArguments(ffmpeg)), ...output]);
  return Array.from({ length: raw.length / bytes }, (_, i) => raw.subarray(i * bytes, (i + 1) * bytes));
}
