import { open } from 'node:fs/promises';
import { DailiesError } from '@dailies/contracts';
import { boxesOf, findBox } from './boxes.ts';

export interface PictureTicks {
  readonly last: number;
  readonly shown: number;
}

/**
 * Sets the duration of the last frame and makes all durations of a muxed film agree, in place. ffmpeg's muxer guesses
 * how long the last frame lasts from the mean frame rate (older builds: not at all), and older builds count the edited
 * part of a track into the length of the film.
 *
 * Boxes (ISO/IEC 14496-12): `stts` 8.6.1.2, `elst` 8.6.6, `mdhd` 8.4.2, `tkhd` 8.3.2, `mvhd` 8.2.2.
 * @param picture in ticks of the picture track's timescale: how long the last sample lasts, and how long the picture is
 *   shown (last PTS + duration − first PTS; with reordered frames that is more than the samples' durations tell)
 * @throws DailiesError FILM_NOT_EXACT when the film does not have the form that ffmpeg's `+faststart` gives
 */
export async function settleDurations(film: string, picture: PictureTicks): Promise<void> {
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
        // With the box after it: an 8-byte `free` is room for one more entry of the time table.
        const region = Buffer.alloc(Math.min(length + 8, size - at));
        await file.read(region, 0, region.length, at);
        const settled = settle(region.subarray(0, length), picture);
        if (
          settled.length > length &&
          !(
            settled.length === region.length &&
            region.toString('latin1', length + 4, length + 8) === 'free' &&
            region.readUInt32BE(length) === 8
          )
        ) {
          throw unexpected('there is no room for its time table');
        }
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

function unexpected(what: string): DailiesError {
  return new DailiesError('FILM_NOT_EXACT', `The muxed film does not have the expected form: ${what}.`);
}

/** The pure part: a moov with its durations set, of the same length or 8 bytes longer. */
export function settle(moov: Buffer, picture: PictureTicks): Buffer {
  const out = lengthenLast(Buffer.from(moov), picture.last);
  const movie = findBox(out, 'moov/mvhd')?.body;
  if (!movie) throw unexpected('it has no mvhd');
  const movieScale = movie.readUInt32BE(movie[0] === 1 ? 20 : 12);
  let longest = 0;
  for (const trak of boxesOf(findBox(out, 'moov')?.body ?? out)) {
    if (trak.type !== 'trak') continue;
    const mdhd = findBox(trak.body, 'mdia/mdhd')?.body;
    const stts = findBox(trak.body, 'mdia/minf/stbl/stts')?.body;
    const tkhd = findBox(trak.body, 'tkhd')?.body;
    if (!mdhd || !stts || !tkhd) throw unexpected('a track lacks its headers');
    const media = sumOf(stts);
    const scale = mdhd.readUInt32BE(mdhd[0] === 1 ? 20 : 12);
    writeDuration(mdhd, mdhd[0] === 1 ? 24 : 16, media);
    const elst = findBox(trak.body, 'edts/elst')?.body;
    const isPicture = findBox(trak.body, 'mdia/minf/vmhd') !== null;
    // Up, not to the nearest: an edit that ends a moment before the last frame begins would hide it.
    const toMovie = (ticks: number): number => Math.ceil((ticks * movieScale) / scale);
    const shown = elst
      ? settleEdits(elst, (start) => toMovie(isPicture ? picture.shown : media - start))
      : toMovie(media);
    writeDuration(tkhd, tkhd[0] === 1 ? 28 : 20, shown);
    longest = Math.max(longest, shown);
  }
  writeDuration(movie, movie[0] === 1 ? 24 : 16, longest);
  return out;
}

/** Duration fields are 64-bit in version 1 of a box, 32-bit in version 0. */
function writeDuration(body: Buffer, at: number, value: number): void {
  if (body[0] === 1) body.writeBigUInt64BE(BigInt(value), at);
  else body.writeUInt32BE(value, at);
}

function sumOf(stts: Buffer): number {
  let sum = 0;
  for (let i = 0, at = 8; i < stts.readUInt32BE(4); i++, at += 8)
    sum += stts.readUInt32BE(at) * stts.readUInt32BE(at + 4);
  return sum;
}

/** The last edit shows its track to the end; edits before it (an empty one delays the start) stay. @returns the sum, in the movie's timescale */
function settleEdits(elst: Buffer, shownFrom: (mediaTime: number) => number): number {
  const long = elst[0] === 1;
  const entries = elst.readUInt32BE(4);
  let total = 0;
  for (let i = 0; i < entries; i++) {
    const at = 8 + i * (long ? 20 : 12);
    let duration = long ? Number(elst.readBigUInt64BE(at)) : elst.readUInt32BE(at);
    const mediaTime = long ? Number(elst.readBigInt64BE(at + 8)) : elst.readInt32BE(at + 4);
    if (i === entries - 1 && mediaTime >= 0) {
      duration = shownFrom(mediaTime);
      if (long) elst.writeBigUInt64BE(BigInt(duration), at);
      else elst.writeUInt32BE(duration, at);
    }
    total += duration;
  }
  return total;
}

/** Gives the last sample of the picture track its duration; splits the last run of the time table when it shares one. */
function lengthenLast(moov: Buffer, lastDuration: number): Buffer {
  const trak = [...boxesOf(findBox(moov, 'moov')?.body ?? moov)].find(
    (found) => found.type === 'trak' && findBox(found.body, 'mdia/minf/vmhd'),
  )?.body;
  const stts = trak && findBox(trak, 'mdia/minf/stbl/stts')?.body;
  if (!stts) throw unexpected('it has no picture track');
  const entries = stts.readUInt32BE(4);
  const last = 8 + (entries - 1) * 8;
  const count = stts.readUInt32BE(last);
  if (stts.readUInt32BE(last + 4) === lastDuration) return moov;
  if (count === 1) {
    stts.writeUInt32BE(lastDuration, last + 4);
    return moov;
  }
  stts.writeUInt32BE(count - 1, last);
  stts.writeUInt32BE(entries + 1, 4);
  const insertAt = stts.byteOffset - moov.byteOffset + last + 8;
  const entry = Buffer.alloc(8);
  entry.writeUInt32BE(1, 0);
  entry.writeUInt32BE(lastDuration, 4);
  // Every box around the new entry grows by it, the innermost first: a box that outgrows its parent is not found any more.
  for (const path of ['stts', 'stbl', 'minf', 'mdia', 'trak', 'moov']) growBox(moov, path, insertAt);
  return Buffer.concat([moov.subarray(0, insertAt), entry, moov.subarray(insertAt)]);
}

/** Adds 8 to the size of the box of this type that holds the place `inside`. Containers are searched from the top. */
function growBox(moov: Buffer, type: string, inside: number): void {
  const search = (region: Buffer): boolean => {
    for (const found of boxesOf(region)) {
      const begin = region.byteOffset - moov.byteOffset + found.at;
      const end = begin + 8 + found.body.length;
      if (inside <= begin || inside > end) continue;
      if (found.type === type) {
        moov.writeUInt32BE(moov.readUInt32BE(begin) + 8, begin);
        return true;
      }
      return search(found.body);
    }
    return false;
  };
  search(moov);
}
