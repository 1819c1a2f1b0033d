import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { type FixtureName, FixtureUnavailable, fixture } from '../fixtures/make.ts';
import { anyBuild, presentBuilds } from '../helpers/builds.ts';
import { makeRoom } from '../helpers/dailies.ts';
import { assertExact } from '../helpers/judge.ts';
import { listFrames } from '../helpers/probe.ts';

// The npm package's ffprobe crashes when it loads a character set for the names in an MPEG-TS; here it finds none.
process.env.GCONV_PATH = '/nonexistent';

/** Every kind of recording; the judge shares no code with us. Larger and longer ones have tests of their own. */
const KINDS: readonly FixtureName[] = [
  'cfr30-gop250',
  'cfr30-gop60',
  'vfr-gap',
  'vfr-bframes',
  'open-gop',
  'bframes-edit-list',
  'edit-list-trim',
  'ntsc-29.97',
  '60fps',
  'mpegts-10s',
  'mpegts-wraps',
  'mpegts-at-0',
  'mpegts-late-sound',
  'mkv-33ms',
  'mkv-10s',
  'mkv-early-sound',
  'mkv-late-sound',
  'mkv-sound-at-1ms',
  'mkv-slow',
  'mkv-8khz',
  'late-video',
  'one-frame',
  'no-keyframe-flags',
  'only-first-flagged',
  'interior-non-idr',
  'hevc',
  'vp9-opus.webm',
  'mpeg4-mp3.avi',
  'h264.mov',
  'timecode.mov',
  'mkv-two-audio-chapters',
  'tagged.mp4',
  'fragmented-mp4',
  'no-audio',
  'rotate-90',
  'rotate-180',
  'rotate-270',
  'odd-size',
  'odd-size-444',
  'yuv444',
  'yuv422',
  'ten-bit',
  'hdr-tags',
  'bt709-tags',
  'full-range',
  'sar-2-1',
  'vp8-alpha.webm',
];

for (const build of presentBuilds()) {
  test(`films are exact, every kind of recording, ffmpeg: ${build.name}`, { timeout: 1_200_000 }, async (t) => {
    const room = await makeRoom(t, build);
    const made: { name: FixtureName; file: string }[] = [];
    for (const name of KINDS) {
      try {
        const file = await fixture(name);
        await room.put(file, join(name, basename(file)));
        made.push({ name, file });
      } catch (error) {
        if (!(error instanceof FixtureUnavailable)) throw error;
        await t.test(name, (skipped) => skipped.skip(error.message));
      }
    }
    const { code, output } = await room.dailies('run', '--once');
    assert.equal(code, 0, output);
    const rows = await room.status();
    for (const { name, file } of made) {
      await t.test(name, async () => {
        const row = rows.find((found) => found.path === join(name, basename(file)));
        assert.equal(row?.state, 'finished', JSON.stringify(row));
        await assertExact(file, join(room.folder, String(row.film)), build);
      });
    }
    assert.deepEqual(await room.files('work'), []);
    assert.equal((await room.files('archived')).length, made.length);
  });
}

test('a recording with one keyframe in two minutes is cut again by decoding it', { timeout: 1_200_000 }, async (t) => {
  const room = await makeRoom(t);
  const file = await fixture('single-keyframe');
  await room.put(file);
  const { code, output } = await room.dailies('run', '--once');
  assert.equal(code, 0, output);
  assert.match(output, /decoded to be cut/);
  const [row] = await room.status();
  await assertExact(file, join(room.folder, String(row?.film)));
});

test('3840x2160', { timeout: 1_200_000 }, async (t) => {
  const room = await makeRoom(t);
  const file = await fixture('uhd');
  await room.put(file);
  const { code, output } = await room.dailies('run', '--once');
  assert.equal(code, 0, output);
  const [row] = await room.status();
  await assertExact(file, join(room.folder, String(row?.film)));
});

test('a recording that is cut off gives the film of what is there, and says so', { timeout: 600_000 }, async (t) => {
  const build = anyBuild();
  const room = await makeRoom(t, build);
  const [whole, inSound] = [await fixture('truncated-data.mp4'), await fixture('cut-in-sound.mp4')];
  for (const file of [whole, inSound]) await room.put(file);
  const { code, output } = await room.dailies('run', '--once');
  assert.equal(code, 0, output);
  for (const file of [whole, inSound])
    assert.match(output, new RegExp(`${basename(file)} .*it is cut off: \\d+ bytes that it announces are missing`));
  const rows = await room.status();
  const film = (file: string) => join(room.folder, String(rows.find(({ path }) => path === basename(file))?.film));
  const frames = async (path: string) => (await listFrames(build, path, 0)).length;
  for (const file of [whole, inSound]) assert.equal(await frames(film(file)), await frames(file));
  // Half a packet of AAC is none to a decoder, which would complain at the end of each play.
  const decoded = ['-v', 'error', '-i', film(inSound), '-map', '0:a', '-f', 'null', '-'];
  assert.equal((await promisify(execFile)(build.ffmpeg, decoded)).stderr, '');
});

test('MKV that ends within its header is no fault of the disk, so it is not tried again', async (t) => {
  const room = await makeRoom(t);
  await room.put(await fixture('cut-in-header.mkv'));
  const { code, output } = await room.dailies('run', '--once');
  assert.equal(code, 3, output);
  const [row] = await room.status();
  assert.equal(row?.code, 'RECORDING_UNREADABLE');
  assert.match(output, /ends within its header/);
});

test('sound alone gives no film and a reason', { timeout: 300_000 }, async (t) => {
  const room = await makeRoom(t);
  await room.put(await fixture('audio-only'));
  const { code, output } = await room.dailies('run', '--once');
  assert.equal(code, 3, output);
  const [row] = await room.status();
  assert.equal(row?.state, 'quarantined');
  assert.equal(row?.code, 'RECORDING_NO_VIDEO');
});
