import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs, { chmod, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readRecorded } from '../src/film.ts';
import { type FfmpegTools, findTools, joinFilm, prepareSplit, readSource, type StoredBatch } from '../src/index.ts';
import { tellsOfReadError } from '../src/read-errors.ts';

// A read error in the middle of a recording (a bad disk, a network share that stalls) was its end for ffmpeg, which says so
// and exits with 0. All passes ended at the same packet, so a film of a third of a meeting was published as whole.

const real = await findTools({ ffmpegPath: undefined, ffprobePath: undefined }, process.env.PATH ?? '');
const limits = { maxPixels: 1e8, maxDurationS: 1e5, maxBytes: 1e9 };
const options = { timeoutMs: 60_000, batchSeconds: 1 };
const UNREAD = { code: 'IO_FAILED', fate: 'retry', message: /could not be read \(Input\/output error\)/ };

async function stage(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'dailies-read-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const make = (name: string, ...args: string[]): string => {
    const file = join(folder, name);
    const picture = ['-f', 'lavfi', '-i', 'testsrc2=s=320x240:r=10:d=4'];
    const sound = ['-f', 'lavfi', '-i', 'sine=d=4'];
    execFileSync(real.ffmpeg, ['-v', 'error', ...picture, ...sound, ...args, '-t', '4', file]);
    return file;
  };
  const path = make('room.mp4', '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '10', '-bf', '0', '-shortest');
  /** ffmpeg on a disk that fails in the middle of the recording, when a run has this word among its arguments. */
  const failing = async (word: string): Promise<FfmpegTools> => {
    const script = join(folder, `ffmpeg-${word}`);
    const says = `echo '${path}: Input/output error' >&2`;
    await writeFile(
      script,
      `#!/bin/sh
case "$*" in
  *" ${word} "*pipe:1*) '${real.ffmpeg}' "$@" | head -c 3000; ${says} ;;
  *" ${word} "*) '${real.ffmpeg}' "$@"; ${says} ;;
  *) exec '${real.ffmpeg}' "$@" ;;
esac
`,
    );
    await chmod(script, 0o755);
    return { ...real, ffmpeg: script };
  };
  return { folder, path, make, failing, source: await readSource(real, path, limits) };
}

test('while its packets are listed, and while they are looked into', async (t) => {
  const { failing, source } = await stage(t);
  for (const word of ['framecrc', 'nut'])
    await assert.rejects(prepareSplit(await failing(word), source, options, 'copy'), UNREAD, word);
});

test('while it is decoded to be cut', async (t) => {
  const { failing, source } = await stage(t);
  const split = await prepareSplit(await failing('libx264'), source, options, 'rekey');
  await assert.rejects(split.run({ wants: () => true, batch: async () => {} }), UNREAD);
});

test('while its sound is listed', async (t) => {
  const { failing, path } = await stage(t);
  await assert.rejects(readRecorded(await failing('framecrc'), path, limits, options), UNREAD);
});

test('while the film is joined', async (t) => {
  const { failing, folder, make, source } = await stage(t);
  const flags = '+frag_keyframe+empty_moov+default_base_moof';
  const encode = ['-an', '-c:v', 'libx264', '-bf', '0', '-video_track_timescale', '1000', '-movflags', flags];
  const graded = make('batch.mp4', ...encode);
  const batch: StoredBatch = {
    index: 0,
    pts: Array.from({ length: 40 }, (_, i) => i * 100),
    endPts: 4000,
    read: () => fs.readFile(graded),
  };
  const film = {
    ...{ timeBase: { num: 1, den: 1000 }, recording: source, tags: {}, videoLanguage: null, originSeconds: 0 },
    ...{
      audio: source.audio.map((track) => ({ ...track, startSeconds: 0, endsSeconds: null, cuts: [] })),
      container: 'mp4' as const,
      film: join(folder, 'film.mp4'),
      timeoutMs: 60_000,
    },
  };
  await joinFilm(real, [batch], film);
  await assert.rejects(joinFilm(await failing('-map_chapters'), [batch], film), UNREAD);
});

test('while it is probed: told by ffprobe, or met at its index, which ffprobe calls damaged', async (t) => {
  const { folder, path } = await stage(t);
  const ffprobe = join(folder, 'ffprobe');
  await writeFile(ffprobe, `#!/bin/sh\necho '${path}: Input/output error' >&2\n'${real.ffprobe}' "$@"\n`);
  await chmod(ffprobe, 0o755);
  await assert.rejects(readSource({ ...real, ffprobe }, path, limits), UNREAD);

  const damaged = join(folder, 'damaged.mp4');
  await writeFile(damaged, Buffer.alloc(5_000_000, 'x'));
  await assert.rejects(readSource(real, damaged, limits), { code: 'RECORDING_UNREADABLE' });
  const handle = await open(damaged);
  const prototype = Object.getPrototypeOf(handle) as fs.FileHandle;
  await handle.close();
  const read = prototype.read as (...args: unknown[]) => Promise<unknown>;
  t.mock.method(prototype, 'read', function (this: fs.FileHandle, ...args: unknown[]) {
    if ((args[3] as number) > 3_000_000) throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
    return read.apply(this, args);
  });
  await assert.rejects(readSource(real, damaged, limits), { code: 'IO_FAILED', message: /could not be read \(EIO\)/ });
});

test('lines of several builds: what tells of the recording, and what of the film', () => {
  const [recording, film] = ['/r/muxed by a writer.mp4', '/p/film.mp4'];
  const reads = (line: string): boolean => tellsOfReadError(line, recording, film);
  for (const line of [
    `${recording}: Input/output error`,
    `${recording}: Stale file handle`,
    '[in#1/mov,mp4,m4a,3gp,3g2,mj2 @ 0x55] Error during demuxing: Connection timed out',
    '[in#1 @ 0x55] Error opening input: Remote I/O error',
  ])
    assert.equal(reads(line), true, line);
  for (const line of [
    `${film}: Input/output error`,
    'av_interleaved_write_frame(): Input/output error',
    '[out#0/mp4 @ 0x55] Error muxing a packet: Input/output error',
    '[vost#0:0/copy @ 0x55] Error submitting a packet to the muxer: Input/output error',
    `Error writing trailer of ${film}: Input/output error`,
    `${recording}: Invalid data found when processing input`,
    '[mov,mp4,m4a,3gp,3g2,mj2 @ 0x55] stream 1, offset 0x1e8b81: partial file',
  ])
    assert.equal(reads(line), false, line);
});
