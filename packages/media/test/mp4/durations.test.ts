import assert from 'node:assert/strict';
import { test } from 'node:test';
import { box, boxesOf, findBox, fullBox } from '../../src/mp4/boxes.ts';
import { settle } from '../../src/mp4/durations.ts';

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
  /** Pairs of duration and media time. */
  readonly edits: readonly number[];
}

function track({ header, scale, samples, duration, edits, lastDuration = duration }: TrackOptions): Buffer {
  const stts = fullBox('stts', 0, 0, words(2, samples - 1, duration, 1, lastDuration));
  const mdhd = fullBox('mdhd', 0, 0, words(0, 0, scale, 0, 0));
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
const shown = { first: 0, last: 512, shown: 90 * 512 };

test('sound begins at its own sample, not at the millisecond before it', () => {
  const muxed = movie(track(PICTURE), track(SOUND));
  const settled = read(
    settle(muxed, shown, [{ language: 'und', endsSeconds: null, seconds: 0.181, delayedSeconds: 0 }]),
  );
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
  const settled = read(
    settle(muxed, shown, [{ language: 'und', endsSeconds: null, seconds: 0.001, delayedSeconds: 1 }]),
  );
  assert.deepEqual(settled.edits[1]?.[0], [44, -1]);
});

test('a language that is not known stays so: the build of 2018 called it English in a MOV', () => {
  const languageOf = (language: string): string | undefined => {
    const settled = settle(movie(track(PICTURE), track(SOUND)), shown, [
      { language, endsSeconds: null, seconds: 0.181, delayedSeconds: 0 },
    ]);
    const sound = [...boxesOf(findBox(settled, 'moov')?.body as Buffer)].filter(({ type }) => type === 'trak')[1];
    return findBox(sound?.body as Buffer, 'mdia/mdhd')
      ?.body.readUInt16BE(20)
      .toString(16);
  };
  assert.deepEqual([languageOf('und'), languageOf('deu')], ['55c4', '0']);
});

test('sound ends where the recording says, within its last packet: AAC at 8 kHz was heard up to 128 ms longer', () => {
  const muxed = movie(track(PICTURE), track(SOUND));
  const ends = (endsSeconds: number): number | undefined =>
    read(settle(muxed, shown, [{ language: 'und', endsSeconds, seconds: 0.181, delayedSeconds: 0 }]))
      .edits[1]?.[1]?.[0];
  const whole = 130 * 1024;
  const end = 7982 + whole;
  assert.equal(ends((end - 500) / 44_100), whole - 500);
  // Elsewhere than in its last packet it is the end of something else.
  for (const other of [end - 1024, end, end + 1000]) assert.equal(ends(other / 44_100), whole);
});

test('a last packet of sound without a duration is heard: FLAC in MP4 was cut off there', () => {
  const muxed = movie(track(PICTURE), track({ ...SOUND, lastDuration: 0 }));
  const settled = read(
    settle(muxed, shown, [{ language: 'und', endsSeconds: null, seconds: 0.181, delayedSeconds: 0 }]),
  );
  assert.deepEqual(settled.edits[1]?.[1], [130 * 1024, 0]);
});

test('a picture that begins late begins at its own tick', () => {
  const muxed = movie(track({ ...PICTURE, edits: [503, -1, 3000, 1024] }), track({ ...SOUND, edits: [3019, 1024] }));
  const { scale, edits } = read(
    settle(muxed, { ...shown, first: 7741 }, [
      { language: 'und', endsSeconds: null, seconds: -0.023, delayedSeconds: 0 },
    ]),
  );
  assert.deepEqual(edits[0], [
    [Math.round((7741 * scale) / 15_360), -1],
    [3 * 44_100, 1024],
  ]);
});

test('a start that is off by more than rounding is left for the check of the film', () => {
  const muxed = movie(track(PICTURE), track(SOUND));
  const settled = read(settle(muxed, shown, [{ language: 'und', endsSeconds: null, seconds: 0.5, delayedSeconds: 0 }]));
  assert.deepEqual(settled.edits[1]?.[0], [180 * 44.1, -1]);
});

test('a film of 26 hours counts as finely as 31 bits allow', () => {
  const hours = 26 * 3600;
  const muxed = movie(track({ ...PICTURE, samples: hours * 30 }), track({ ...SOUND, samples: hours * 43 }));
  const { scale, duration } = read(
    settle(muxed, { ...shown, shown: hours * 15_360 }, [
      { language: 'und', endsSeconds: null, seconds: 0.181, delayedSeconds: 0 },
    ]),
  );
  assert.ok(scale > 22_000 && duration < 2 ** 31, `${scale}, ${duration}`);
});
