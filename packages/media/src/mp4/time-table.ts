import { DailiesError } from '@dailies/contracts';
import { boxesOf, findBox } from './boxes.ts';

/** Of one entry of the time table. */
const SIZE = 8;
/** In `hdlr`: version and flags, four bytes that are not used, the type, twelve reserved ones. */
const HANDLER_NAME_AT = 24;

export function unexpected(what: string): DailiesError {
  return new DailiesError('FILM_NOT_EXACT', `The muxed film does not have the expected form: ${what}.`);
}

/** Gives the last sample of the picture track its duration; splits the last run of the time table when it shares one. */
export function lengthenLast(moov: Buffer, lastDuration: number): Buffer {
  const stts = pictureBox(moov, 'mdia/minf/stbl/stts');
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
  const entry = Buffer.alloc(SIZE);
  entry.writeUInt32BE(1, 0);
  entry.writeUInt32BE(lastDuration, 4);
  // Every box around the new entry grows by it, the innermost first: a box that outgrows its parent is not found any more.
  for (const path of ['stts', 'stbl', 'minf', 'mdia', 'trak', 'moov']) growBox(moov, path, insertAt, SIZE);
  return Buffer.concat([moov.subarray(0, insertAt), entry, moov.subarray(insertAt)]);
}

/**
 * Makes room for that entry within the moov: the name of the picture track's handler, which is for people who look into
 * files ("VideoHandler", 8.4.3), gets shorter by as much.
 * @throws DailiesError FILM_NOT_EXACT when the name is too short
 */
export function withShorterName(moov: Buffer): Buffer {
  const hdlr = pictureBox(moov, 'mdia/hdlr');
  const name = hdlr?.subarray(HANDLER_NAME_AT);
  if (!name || name.length <= SIZE) throw unexpected('there is no room for its time table');
  const isPascal = name[0] === name.length - 1; // as in MOV; in MP4 it ends with a zero
  const cutAt = name.byteOffset - moov.byteOffset + name.length - SIZE;
  if (isPascal) name[0] = name.length - 1 - SIZE;
  else name[name.length - 1 - SIZE] = 0;
  for (const path of ['hdlr', 'mdia', 'trak', 'moov']) growBox(moov, path, cutAt, -SIZE);
  return Buffer.concat([moov.subarray(0, cutAt), moov.subarray(cutAt + SIZE)]);
}

/** What a box of the picture track holds. */
function pictureBox(moov: Buffer, path: string): Buffer | undefined {
  const trak = [...boxesOf(findBox(moov, 'moov')?.body ?? moov)].find(
    (found) => found.type === 'trak' && findBox(found.body, 'mdia/minf/vmhd'),
  );
  return trak && findBox(trak.body, path)?.body;
}

/** Adds to the size of the box of this type that holds the place `inside`. Containers are searched from the top. */
function growBox(moov: Buffer, type: string, inside: number, by: number): void {
  const search = (region: Buffer): boolean => {
    for (const found of boxesOf(region)) {
      const begin = region.byteOffset - moov.byteOffset + found.at;
      const end = begin + 8 + found.body.length;
      if (inside <= begin || inside > end) continue;
      if (found.type === type) {
        moov.writeUInt32BE(moov.readUInt32BE(begin) + by, begin);
        return true;
      }
      return search(found.body);
    }
    return false;
  };
  search(moov);
}
