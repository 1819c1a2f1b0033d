import { open } from 'node:fs/promises';
import { type Box, boxesOf, findBox } from './boxes.ts';
import { lengthenLast, unexpected, withShorterName } from './time-table.ts';

/** In ticks of the picture track's timescale. */
export interface PictureTicks {
  /** When the first frame is shown. */
  readonly first: number;
  /** How long the last sample lasts. */
  readonly last: number;
  /** Last PTS + duration − first PTS; with reordered frames that is more than the samples' durations tell. */
  readonly shown: number;
}

/** When a track of sound begins and ends, and what is said of it. */
export interface SoundFacts {
  /** ISO 639-2; `und` when it is not known. */
  readonly language: string;
  readonly seconds: number;
  /** What the muxer was told to add, so that it writes an empty edit at all. */
  readonly delayedSeconds: number;
  /** When the recording says that it ends; null when it does not say. */
  readonly endsSeconds: number | null;
}

/**
 * Sets the duration of the last frame, makes all durations of a muxed film agree and all tracks begin at their own time,
 * in place. ffmpeg's muxer guesses how long the last frame lasts from the mean frame rate (older builds: not at all), and
 * older builds count the edited part of a track into the length of the film. It says in whole milliseconds, rounded down,
 * how late a track begins: what is not one by a hair (181 ms are 7982 samples of 1/44100 s) becomes a whole one less.
 * In MOV it names the languages that Apple once numbered and drops all others, German by its code `deu` among them.
 *
 * Boxes (ISO/IEC 14496-12): `stts` 8.6.1.2, `elst` 8.6.6, `mdhd` 8.4.2, `tkhd` 8.3.2, `mvhd` 8.2.2.
 * @param sound one for each track of sound, in their order
 * @throws DailiesError FILM_NOT_EXACT when the film does not have the form that ffmpeg's `+faststart` gives
 */
export async function settleTimes(film: string, picture: PictureTicks, sound: readonly SoundFacts[]): Promise<void> {
  const file = await open(film, 'r+');
  try {
    const { size } = await file.stat();
    let at = 0;
    for (;;) {
      if (at + 16 > size) throw unexpected('it has no moov');
      const head = Buffer.alloc(16);
      await file.read(head, 0, 16, at);
      const length = head.readUInt32BE(0);
      const type = head.toString('latin1', 4, 8);
      if (type === 'moov') {
        // With the box after it: an 8-byte `free`, in MOV `wide`, is room for one more entry of the time table.
        const region = Buffer.alloc(Math.min(length + 8, size - at));
        await file.read(region, 0, region.length, at);
        const isSpare =
          region.length === length + 8 &&
          ['free', 'wide'].includes(region.toString('latin1', length + 4, length + 8)) &&
          region.readUInt32BE(length) === 8;
        const longer = settle(region.subarray(0, length), picture, sound);
        // Beyond 4 GB the media data themselves need that room.
        const settled = longer.length > length && !isSpare ? withShorterName(longer) : longer;
        await file.write(settled, 0, settled.length, at);
        await file.sync();
        return;
      }
      if (type === 'mdat' || length < 8) throw unexpected(`${type} comes before moov`);
      at += length;
    }
  } finally {
    await file.close();
  }
}

/** The pure part: a moov with its times set, of the same length or 8 bytes longer. */
export function settle(moov: Buffer, picture: PictureTicks, sound: readonly SoundFacts[]): Buffer {
  const out = lengthenLast(Buffer.from(moov), picture.last);
  const movie = findBox(out, 'moov/mvhd')?.body;
  if (!movie) throw unexpected('it has no mvhd');
  const scaleAt = movie[0] === 1 ? 20 : 12;
  const oldScale = movie.readUInt32BE(scaleAt);
  const tracks = [...boxesOf(findBox(out, 'moov')?.body ?? out)].filter(({ type }) => type === 'trak').map(readTrack);
  const heard = tracks.filter(({ handler }) => handler === 'sound');
  for (const [i, { mdhd }] of heard.entries()) nameLanguage(mdhd, sound[i]?.language ?? '');
  const begins = startsOf(tracks, picture.first, sound, oldScale);
  const movieScale = movieTimescale(tracks, begins, oldScale);
  movie.writeUInt32BE(movieScale, scaleAt);
  let longest = 0;
  let sounds = 0;
  for (const [i, track] of tracks.entries()) {
    const { tkhd, mdhd, elst, handler, media, scale } = track;
    const begin = begins[i] as number;
    const ends = handler === 'sound' ? (sound[sounds++]?.endsSeconds ?? null) : null;
    writeDuration(mdhd, mdhd[0] === 1 ? 24 : 16, media);
    // Up, not to the nearest: an edit that ends a moment before the last frame begins would hide it.
    const toMovie = (ticks: number): number => Math.ceil((ticks * movieScale) / scale);
    const shown = elst
      ? settleEdits(
          elst,
          (start) => toMovie(handler === 'picture' ? picture.shown : heardTo(track, start, begin, ends) - start),
          Math.round(begin * movieScale),
        )
      : toMovie(media);
    writeDuration(tkhd, tkhd[0] === 1 ? 28 : 20, shown);
    longest = Math.max(longest, shown);
  }
  writeDuration(movie, movie[0] === 1 ? 24 : 16, longest);
  return out;
}

interface Track {
  readonly tkhd: Buffer;
  readonly mdhd: Buffer;
  readonly elst: Buffer | undefined;
  readonly handler: 'picture' | 'sound' | 'other';
  /** Ticks a second. */
  readonly scale: number;
  /** The sum of all samples' durations, in ticks. */
  readonly media: number;
  /** How long its last one lasts. */
  readonly lastSample: number;
}

function readTrack(trak: Box): Track {
  const mdhd = findBox(trak.body, 'mdia/mdhd')?.body;
  const stts = findBox(trak.body, 'mdia/minf/stbl/stts')?.body;
  const tkhd = findBox(trak.body, 'tkhd')?.body;
  if (!mdhd || !stts || !tkhd) throw unexpected('a track lacks its headers');
  if (findBox(trak.body, 'mdia/minf/smhd')) lengthenLastSound(stts);
  const has = (header: string): boolean => findBox(trak.body, `mdia/minf/${header}`) !== null;
  return {
    tkhd,
    mdhd,
    elst: findBox(trak.body, 'edts/elst')?.body,
    handler: has('vmhd') ? 'picture' : has('smhd') ? 'sound' : 'other',
    scale: mdhd.readUInt32BE(mdhd[0] === 1 ? 20 : 12),
    media: sumOf(stts),
    lastSample: stts.readUInt32BE(4) > 0 ? stts.readUInt32BE(8 + (stts.readUInt32BE(4) - 1) * 8 + 4) : 0,
  };
}

/**
 * Where the recording does not tell how long its last packet is (FLAC in MP4) the muxer writes 0, and an edit that ends
 * where the packet begins would hide it. It gets the duration of the one before it.
 */
function lengthenLastSound(stts: Buffer): void {
  const entries = stts.readUInt32BE(4);
  const last = 8 + (entries - 1) * 8;
  if (entries < 2 || stts.readUInt32BE(last) !== 1 || stts.readUInt32BE(last + 4) !== 0) return;
  stts.writeUInt32BE(stts.readUInt32BE(last - 4), last + 4);
}

/** How long each track's empty edit has to be, in seconds: 0 for a track that has none. */
function startsOf(
  tracks: readonly Track[],
  firstFrame: number,
  sound: readonly SoundFacts[],
  movieScale: number,
): number[] {
  let next = 0;
  return tracks.map(({ elst, handler, scale }) => {
    const start = handler === 'sound' ? sound[next++] : undefined;
    const written = elst ? emptyEdit(elst) / movieScale : 0;
    if (written === 0) return 0;
    if (handler === 'picture') return firstFrame / scale;
    if (!start) return written;
    // Anything else than rounding is not ours to correct: the check of the film will tell.
    const rounded = Math.abs(written - start.delayedSeconds - start.seconds) < 0.002;
    return rounded ? start.seconds : written - start.delayedSeconds;
  });
}

/** Durations of the movie are unsigned 32 bits in all boxes of version 0; some readers take them as signed. */
const MAX_DURATION = 2 ** 31 - 1;

/** As fine as the finest track, so that each can begin at any of its own ticks; coarser when the film is too long for that. */
function movieTimescale(tracks: readonly Track[], begins: readonly number[], least: number): number {
  const seconds = Math.max(1, ...tracks.map(({ media, scale }, i) => media / scale + (begins[i] as number) + 1));
  const finest = Math.max(...tracks.map(({ scale }) => scale));
  return Math.max(least, Math.min(finest, Math.floor(MAX_DURATION / seconds)));
}

/**
 * Where in its own time a track of sound is heard to its end: its last packet is mostly longer than what was recorded, and
 * some recordings say by how much (AAC at 8 kHz: up to 128 ms).
 */
function heardTo({ media, lastSample, scale }: Track, start: number, begin: number, ends: number | null): number {
  const end = ends === null ? media : start + Math.round((ends - begin) * scale);
  return end > media - lastSample && end < media ? end : media;
}

/** Duration fields are 64-bit in version 1 of a box, 32-bit in version 0. */
function writeDuration(body: Buffer, at: number, value: number): void {
  if (body[0] === 1) body.writeBigUInt64BE(BigInt(value), at);
  else body.writeUInt32BE(value, at);
}

/** No language, and English, in MOV: ffmpeg writes the one, a build of 2018 the other, for all that Apple did not number. */
const [UNSPECIFIED, ENGLISH] = [0x7fff, 0];

/** Three letters of 5 bits each: MOV takes that beside Apple's numbers, which are smaller (QuickTime File Format, "Language Code Values"). */
function nameLanguage(mdhd: Buffer, language: string): void {
  const at = mdhd[0] === 1 ? 32 : 20;
  const written = mdhd.readUInt16BE(at);
  const lost = written === UNSPECIFIED || (written === ENGLISH && language !== 'eng');
  if (!lost || !/^[a-z]{3}$/.test(language)) return;
  const packed = [...language].reduce((code, letter) => code * 32 + letter.charCodeAt(0) - 0x60, 0);
  mdhd.writeUInt16BE(packed, at);
}

function sumOf(stts: Buffer): number {
  let sum = 0;
  for (let i = 0, at = 8; i < stts.readUInt32BE(4); i++, at += 8)
    sum += stts.readUInt32BE(at) * stts.readUInt32BE(at + 4);
  return sum;
}

/** The length of the empty edit that an edit list begins with, in the movie's timescale; 0 when there is none. */
function emptyEdit(elst: Buffer): number {
  const long = elst[0] === 1;
  if (elst.readUInt32BE(4) < 2 || elst.readInt32BE(long ? 16 : 12) !== -1) return 0;
  return long ? Number(elst.readBigUInt64BE(8)) : elst.readUInt32BE(8);
}

/**
 * ffmpeg writes one edit, and an empty one before it when the track begins late. The one shows its track to the end.
 * @returns the sum, in the movie's timescale
 */
function settleEdits(elst: Buffer, shownFrom: (mediaTime: number) => number, begins: number): number {
  const long = elst[0] === 1;
  const late = emptyEdit(elst) > 0;
  const edits = elst.readUInt32BE(4);
  if (edits !== (late ? 2 : 1)) throw unexpected(`a track has ${edits} edits`);
  const at = late ? (long ? 28 : 20) : 8;
  const shown = shownFrom(long ? Number(elst.readBigInt64BE(at + 8)) : elst.readInt32BE(at + 4));
  const write = (offset: number, duration: number): unknown =>
    long ? elst.writeBigUInt64BE(BigInt(duration), offset) : elst.writeUInt32BE(duration, offset);
  if (late) write(8, begins);
  write(at, shown);
  return (late ? begins : 0) + shown;
}
