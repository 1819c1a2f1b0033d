import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fixture } from '../fixtures/make.ts';
import { BT709 } from '../fixtures/sources.ts';
import { anyBuild, mustRun, npmBuild, passthroughArguments, presentBuilds } from './builds.ts';
import { assertExact, judge } from './judge.ts';
import { judgeDecoding } from './judge-picture.ts';
import { findBoxes, listBoxes, makeBox, pictureTracks, replaceBox, words } from './mp4-boxes.ts';

/**
 * The judge is believed only because each of its checks was seen to fail: here films are broken on purpose, one way at a
 * time, and exactly the checks that this breaks have to say so.
 */
const maker = npmBuild() ?? anyBuild();
let recording: string;
let folder: string;
let passthrough: readonly string[];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dailies-judge-'));
  recording = await fixture('tagged.mp4');
  passthrough = await passthroughArguments(maker.ffmpeg);
});

after(() => rm(folder, { recursive: true, force: true }));

/** How a film is made; a broken one differs in one part. */
interface Making {
  readonly inputs?: readonly string[];
  readonly maps?: readonly string[];
  readonly video?: readonly string[];
  readonly sound?: readonly string[];
  readonly metadata?: readonly string[];
  readonly mux?: readonly string[];
  readonly container?: string;
}

const FASTSTART = ['-movflags', '+faststart'];
const MAPS = ['-map', '0:v', '-map', '0:a:0', '-map', '0:a:1'];
const CREATED = ['-metadata', 'creation_time=2026-03-04T05:06:07.000000Z'];
const X264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '60', ...BT709];

async function makeFilm(name: string, making: Making = {}): Promise<string> {
  const film = join(folder, `${name.replaceAll(/\W+/g, '-')}${making.container ?? '.mp4'}`);
  const inputs = making.inputs ?? ['-i', recording];
  const exact = [...passthrough, '-enc_time_base', '-1', '-video_track_timescale', '15360'];
  const { maps = MAPS, video = X264, sound = ['-c:a', 'copy'], metadata = CREATED, mux = FASTSTART } = making;
  const head = ['-nostdin', '-v', 'error', '-y', ...inputs, ...maps];
  await mustRun(maker.ffmpeg, [...head, ...video, ...exact, ...sound, ...metadata, ...mux, film]);
  await settleEnd(film);
  return film;
}

/** Passing frames through loses how long the last one is shown; the recording's picture ends at 8 s. */
async function settleEnd(film: string): Promise<void> {
  const data = await readFile(film);
  const elst = only(data, 'edts/elst');
  data.writeUInt32BE(8000, elst.end - 12);
  await writeFile(film, data);
}

/** Changes the bytes of a film whose index is at its end, where it can grow. */
async function patchFilm(name: string, patch: (film: Buffer) => Buffer, video = X264): Promise<string> {
  const film = await makeFilm(name, { mux: [], video });
  await writeFile(film, patch(await readFile(film)));
  return film;
}

const only = (film: Buffer, path: string) => {
  const [trak] = pictureTracks(film);
  const [box] = findBoxes(film, path, trak);
  assert.ok(box, `the film has no ${path}`);
  return box;
};

async function failures(film: string, build = anyBuild()): Promise<string[]> {
  return (await judge(recording, film, build)).filter(({ verdict }) => verdict === 'FAIL').map(({ name }) => name);
}

const BROKEN: Record<string, { film: (name: string) => Promise<string>; fails: string[] }> = {
  'a frame is missing': {
    film: (name) => makeFilm(name, { video: ['-vf', "select='not(eq(n,50))'", ...X264] }),
    fails: ['frames', 'every frame at its time'],
  },
  'a frame is doubled': {
    // All others stay at their times, whichever a build's loop filter would give them.
    film: (name) => {
      const times = "setpts='if(lt(N,51),N/30,if(eq(N,51),50/30+0.01,(N-1)/30))/TB'";
      return makeFilm(name, { video: ['-vf', `loop=1:1:50,${times}`, ...X264] });
    },
    fails: ['frames', 'every frame at its time'],
  },
  'a frame comes 10 ms late': {
    film: (name) => makeFilm(name, { video: ['-vf', "setpts='if(eq(N,50),PTS+0.01/TB,PTS)'", ...X264] }),
    fails: ['every frame at its time'],
  },
  'everything comes 10 ms late': {
    film: (name) => makeFilm(name, { inputs: ['-itsoffset', '0.01', '-i', recording] }),
    fails: ['no shift', 'audio 0: priming', 'audio 1: priming', 'chapters'],
  },
  'the picture comes 10 ms late': {
    film: (name) => makeFilm(name, { video: ['-vf', 'setpts=PTS+0.01/TB', ...X264] }),
    fails: ['no shift', 'audio 0: in sync', 'audio 1: in sync'],
  },
  'keyframes are too far apart': {
    film: (name) => makeFilm(name, { video: [...X264, '-g', '1000'] }),
    fails: ['seekable'],
  },
  'the codec is another one': {
    film: (name) => makeFilm(name, { video: ['-c:v', 'mpeg4', '-q:v', '3', '-g', '60'] }),
    fails: ['codec', 'color_range', 'color_space', 'color_primaries', 'color_transfer', 'one setup record'],
  },
  'the picture is smaller': {
    film: (name) => makeFilm(name, { video: ['-vf', 'scale=318:180,setsar=1', ...X264] }),
    fails: ['size as shown'],
  },
  'samples are wider': {
    film: (name) => makeFilm(name, { video: ['-vf', 'setsar=2/1', ...X264] }),
    fails: ['pixel aspect'],
  },
  'a colour tag is changed': {
    film: (name) => makeFilm(name, { video: [...X264, '-color_primaries', 'bt470bg'] }),
    fails: ['color_primaries'],
  },
  'two tracks of sound are swapped': {
    film: (name) => makeFilm(name, { maps: ['-map', '0:v', '-map', '0:a:1', '-map', '0:a:0'] }),
    fails: ['audio 0: same sound', 'audio 0: language', 'audio 1: same sound', 'audio 1: language'],
  },
  'a track of sound is missing': {
    film: (name) => makeFilm(name, { maps: ['-map', '0:v', '-map', '0:a:0'] }),
    fails: ['audio tracks'],
  },
  'the sound is encoded again': {
    film: (name) => makeFilm(name, { sound: ['-c:a', 'aac', '-b:a', '96k'] }),
    fails: ['audio 0: same sound', 'audio 1: same sound'],
  },
  'the sound comes 20 ms late': {
    film: (name) => {
      const inputs = ['-i', recording, '-itsoffset', '0.02', '-i', recording];
      const maps = ['-map', '0:v', '-map', '1:a:0', '-map', '0:a:1'];
      return makeFilm(name, { inputs, maps });
    },
    fails: ['audio 0: priming', 'audio 0: in sync'],
  },
  'title and tags are gone': {
    film: (name) => makeFilm(name, { metadata: ['-map_metadata:g', '-1'] }),
    fails: ['tag title', 'tag creation_time', 'tag artist', 'tag comment'],
  },
  'a language is another one': {
    film: (name) => makeFilm(name, { metadata: [...CREATED, '-metadata:s:a:1', 'language=ita'] }),
    fails: ['audio 1: language'],
  },
  'the creation time is gone': {
    film: (name) => makeFilm(name, { metadata: [] }),
    fails: ['tag creation_time'],
  },
  'the chapters are gone': {
    film: (name) => makeFilm(name, { metadata: [...CREATED, '-map_chapters', '-1'] }),
    fails: ['chapters'],
  },
  'the index is at the end': {
    film: (name) => makeFilm(name, { mux: [] }),
    fails: ['plays from the first byte'],
  },
  'there are two setup records': {
    film: (name) =>
      patchFilm(name, (film) => {
        const stsd = only(film, 'mdia/minf/stbl/stsd');
        const [entry] = listBoxes(film, stsd.body + 8, stsd.end);
        const twice = film.subarray(entry?.at, entry?.end);
        return replaceBox(film, stsd, makeBox('stsd', words(0, 2), twice, twice));
      }),
    fails: ['plays from the first byte', 'one setup record'],
  },
  'the last frame is shown for 50 ms more': {
    film: (name) =>
      patchFilm(name, (film) => {
        const elst = only(film, 'edts/elst');
        film.writeUInt32BE(film.readUInt32BE(elst.body + 8) + 50, elst.body + 8);
        return film;
      }),
    fails: ['last frame', 'plays from the first byte'],
  },
  'two frames are decoded and shown at one time': {
    film: (name) =>
      patchFilm(
        name,
        (film) => {
          const table = words(0, 3, 50, 512, 1, 0, 189, 512);
          return replaceBox(film, only(film, 'mdia/minf/stbl/stts'), makeBox('stts', table));
        },
        [...X264, '-bf', '0'],
      ),
    fails: [
      'every frame at its time',
      'frame times ascend',
      'decode times ascend',
      'last frame',
      'plays from the first byte',
      'decodes without a complaint',
    ],
  },
  'the data are damaged': {
    film: async (name) => {
      const film = await makeFilm(name);
      const data = await readFile(film);
      const mdat = listBoxes(data).find((box) => box.type === 'mdat');
      assert.ok(mdat);
      // Within the first keyframe: its header stays, its slices do not.
      data.fill(0xff, mdat.body + 2000, mdat.body + 3500);
      await writeFile(film, data);
      return film;
    },
    fails: ['decodes without a complaint'],
  },
};

describe('the judge', () => {
  for (const build of presentBuilds()) {
    test(`passes an exact film and sees a broken one (${build.name})`, async () => {
      await assertExact(recording, await makeFilm('exact'), build);
      const broken = await makeFilm('broken', { video: ['-vf', "select='not(eq(n,50))'", ...X264], mux: [] });
      assert.deepEqual(await failures(broken, build), [
        'frames',
        'every frame at its time',
        'plays from the first byte',
      ]);
      await assert.rejects(assertExact(recording, broken, build), /no exact film of[\s\S]*\n {2}frames: 240 → 239\n/);
    });
  }

  for (const [name, { film, fails }] of Object.entries(BROKEN)) {
    test(`sees that ${name}`, async () => {
      assert.deepEqual(await failures(await film(name)), fails);
    });
  }

  test('sees that a frame is shown before it is decoded', () => {
    // Made up: ffmpeg's reader of MP4 moves decode times until none is late.
    const packets = [0, 512, 1024].map((pts) => ({ pts, dts: pts - 512 }));
    const verdicts = (late: { pts: number; dts: number }[]) => judgeDecoding(late).map(({ verdict }) => verdict);
    assert.deepEqual(verdicts(packets), ['ok', 'ok']);
    assert.deepEqual(verdicts([...packets, { pts: 1536, dts: 1537 }]), ['ok', 'FAIL']);
  });
});
