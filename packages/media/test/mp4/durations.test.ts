import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { box, boxesOf, findBox, fullBox } from '../../src/mp4/boxes.ts';
import { settle, settleTimes } from '../../src/mp4/durations.ts';

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeInt32BE(value | 0, i * 4);
  return bytes;
}

interface TrackOptions {
  readonly header: 'vmhd' | 'smhd';
  readonly scale: number;
  readonly samples: number;
  readonly duration: number;
  readonly lastDuration?: number;
  /** As `mdhd` has it. */
  readonly language?: number;
  /** Pairs of duration and media time. */
  readonly edits: readonly number[];
}

function track({ header, scale, samples, duration, edits, lastDuration, language = 0 }: TrackOptions): Buffer {
  const runs = lastDuration === undefined ? [1, samples, duration] : [2, samples - 1, duration, 1, lastDuration];
  const stts = fullBox('stts', 0, 0, words(...runs));
  const mdhd = fullBox('mdhd', 0, 0, words(0, 0, scale, 0, language << 16));
  const rates = edits.flatMap((value, i) => (i % 2 ? [value, 0x10000] : [value]));
  return box(
    'trak',
    fullBox('tkhd', 0, 3, Buffer.alloc(80)),
    box('edts', fullBox('elst', 0, 0, words(edits.length / 2, ...rates))),
    box('mdia', mdhd, box('minf', fullBox(header, 0, 0), box('stbl', stts))),
  );
}

const movie = (...tracks: readonly Buffer[]): Buffer =>
  box('moov', fullBox('mvhd', 0, 0, words(0, 0, 1000, 0), Buffer.alloc(80)), ...tracks);

/** The movie's timescale and duration, and the edits of each track as pairs of duration and media time. */
function read(moov: Buffer) {
  const mvhd = findBox(moov, 'moov/mvhd')?.body as Buffer;
  const tracks = [...boxesOf(findBox(moov, 'moov')?.body as Buffer)].filter(({ type }) => type === 'trak');
  const edits = tracks.map((trak) => {
    const elst = findBox(trak.body, 'edts/elst')?.body as Buffer;
    return Array.from({ length: elst.readUInt32BE(4) }, (_, i) => [
      elst.readUInt32BE(8 + i * 12),
      elst.readInt32BE(12 + i * 12),
    ]);
  });
  return { scale: mvhd.readUInt32BE(12), duration: mvhd.readUInt32BE(16), edits };
}

const PICTURE = { header: 'vmhd', scale: 15_360, samples: 90, duration: 512, edits: [3000, 0] } as const;
const SOUND = { header: 'smhd', scale: 44_100, samples: 130, duration: 1024, edits: [180, -1, 3019, 0] } as const;
const ENGLISH = { language: 'eng', endsSeconds: null };
const shown = { first: 0, last: 512, shown: 90 * 512 };

test('sound begins at its own sample, not at the millisecond before it', () => {
  const muxed = movie(track(PICTURE), track(SOUND));
  const settled = read(settle(muxed, shown, [{ ...ENGLISH, seconds: 0.181, delayedSeconds: 0 }]));
  assert.equal(settled.scale, 44_100);
  assert.deepEqual(settled.edits, [
    [[3 * 44_100, 0]],
    [
      [7982, -1],
      [130 * 1024, 0],
    ],
  ]);
  assert.equal(settled.duration, 7982 + 130 * 1024);
});

test('sound that was muxed a second late, so that it got an empty edit, begins within the first millisecond', () => {
  const muxed = movie(track(PICTURE), track({ ...SOUND, edits: [1000, -1, 3019, 0] }));
  const settled = read(settle(muxed, shown, [{ ...ENGLISH, seconds: 0.001, delayedSeconds: 1 }]));
  assert.deepEqual(settled.edits[1]?.[0], [44, -1]);
});

test('sound ends where the recording says, within its last packet: AAC at 8 kHz was heard up to 128 ms longer', () => {
  const muxed = movie(track(PICTURE), track(SOUND));
  const ends = (endsSeconds: number): number | undefined =>
    read(settle(muxed, shown, [{ ...ENGLISH, endsSeconds, seconds: 0.181, delayedSeconds: 0 }])).edits[1]?.[1]?.[0];
  const whole = 130 * 1024;
  const end = 7982 + whole;
  assert.equal(ends((end - 500) / 44_100), whole - 500);
  // Elsewhere than in its last packet it is the end of something else.
  for (const other of [end - 1024, end, end + 1000]) assert.equal(ends(other / 44_100), whole);
});

test('a last packet of sound without a duration is heard: FLAC in MP4 was cut off there', () => {
  const muxed = movie(track(PICTURE), track({ ...SOUND, lastDuration: 0 }));
  const settled = read(settle(muxed, shown, [{ ...ENGLISH, seconds: 0.181, delayedSeconds: 0 }]));
  assert.deepEqual(settled.edits[1]?.[1], [130 * 1024, 0]);
});

test('a picture that begins late begins at its own tick', () => {
  const muxed = movie(track({ ...PICTURE, edits: [503, -1, 3000, 1024] }), track({ ...SOUND, edits: [3019, 1024] }));
  const { scale, edits } = read(
    settle(muxed, { ...shown, first: 7741 }, [{ ...ENGLISH, seconds: -0.023, delayedSeconds: 0 }]),
  );
  assert.deepEqual(edits[0], [
    [Math.round((7741 * scale) / 15_360), -1],
    [3 * 44_100, 1024],
  ]);
});

test('a start that is off by more than rounding is left for the check of the film', () => {
  const muxed = movie(track(PICTURE), track(SOUND));
  const settled = read(settle(muxed, shown, [{ ...ENGLISH, seconds: 0.5, delayedSeconds: 0 }]));
  assert.deepEqual(settled.edits[1]?.[0], [180 * 44.1, -1]);
});

test('a film of 26 hours counts as finely as 31 bits allow', () => {
  const hours = 26 * 3600;
  const muxed = movie(track({ ...PICTURE, samples: hours * 30 }), track({ ...SOUND, samples: hours * 43 }));
  const { scale, duration } = read(
    settle(muxed, { ...shown, shown: hours * 15_360 }, [{ ...ENGLISH, seconds: 0.181, delayedSeconds: 0 }]),
  );
  assert.ok(scale > 22_000 && duration < 2 ** 31, `${scale}, ${duration}`);
});

test('a last frame of its own length has room in MP4 and in MOV, whose spare box is called otherwise', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'dailies-times-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const spare of ['free', 'wide']) {
    const film = join(folder, spare);
    const [ftyp, media] = [box('ftyp', words(0)), box('mdat', Buffer.from('frames'))];
    await writeFile(film, Buffer.concat([ftyp, movie(track(PICTURE)), box(spare), media]));
    await settleTimes(film, { ...shown, last: 100, shown: 89 * 512 + 100 }, []);
    const settled = await readFile(film);
    assert.deepEqual(
      [...boxesOf(settled)].map(({ type }) => type),
      ['ftyp', 'moov', 'mdat'],
    );
    const stts = findBox(settled, 'moov/trak/mdia/minf/stbl/stts')?.body as Buffer;
    assert.deepEqual([stts.readUInt32BE(12), stts.readUInt32BE(20)], [512, 100]);
  }
});

test('a language that MOV lost is named again, one that it has stays', () => {
  const named = (written: number, language: string): number => {
    const muxed = movie(track(PICTURE), track({ ...SOUND, language: written }));
    const settled = settle(muxed, shown, [{ ...ENGLISH, language, seconds: 0.181, delayedSeconds: 0 }]);
    const tracks = [...boxesOf(findBox(settled, 'moov')?.body as Buffer)].filter(({ type }) => type === 'trak');
    const mdhd = findBox(tracks[1]?.body as Buffer, 'mdia/mdhd')?.body as Buffer;
    return mdhd.readUInt16BE(20);
  };
  const [german, unspecified, english, apples] = [(4 << 10) | (5 << 5) | 21, 0x7fff, 0, 2];
  assert.equal(named(unspecified, 'deu'), german);
  assert.equal(named(english, 'deu'), german);
  assert.equal(named(english, 'eng'), english);
  assert.equal(named(apples, 'ger'), apples);
  assert.equal(named(unspecified, ''), unspecified);
});
