import { DailiesError } from '@dailies/contracts';
import { box, boxesOf, findBox, fullBox } from './boxes.ts';

/** One encoded frame of a fragmented MP4, in decoding order. Times are ticks of the track's timescale. */
export interface Sample {
  readonly pts: number;
  readonly key: boolean;
  readonly bytes: Buffer;
}

export interface Fragments {
  /** `ftyp` and `moov`, as they are. */
  readonly init: Buffer;
  readonly timescale: number;
  /** The sample description (`stsd`): SPS, PPS, size, pixel aspect. Equal for all batches that can be joined. */
  readonly setup: Buffer;
  readonly samples: readonly Sample[];
}

function broken(what: string): DailiesError {
  return new DailiesError('FFMPEG_FAILED', `The graded batch is no fragmented MP4 that can be read: ${what}.`);
}

/**
 * Reads a fragmented MP4 with one track, as ffmpeg writes it (`empty_moov`, `default_base_moof`).
 * Boxes: ISO/IEC 14496-12, 8.8 (movie fragments).
 */
export function readFragments(bytes: Buffer): Fragments {
  const init: Buffer[] = [];
  const samples: Sample[] = [];
  let moof: { body: Buffer; at: number } | null = null;
  for (const found of boxesOf(bytes)) {
    if (found.type === 'ftyp' || found.type === 'moov')
      init.push(bytes.subarray(found.at, found.at + 8 + found.body.length));
    else if (found.type === 'moof') moof = found;
    else if (found.type === 'mdat' && moof) {
      samples.push(...readFragment(bytes, moof));
      moof = null;
    }
  }
  const moov = Buffer.concat(init);
  const mdhd = findBox(moov, 'moov/trak/mdia/mdhd')?.body;
  const stsd = findBox(moov, 'moov/trak/mdia/minf/stbl/stsd')?.body;
  if (!mdhd || !stsd) throw broken('it has no init segment');
  return { init: moov, timescale: mdhd.readUInt32BE(mdhd[0] === 1 ? 20 : 12), setup: stsd, samples };
}

const TFHD = { baseDataOffset: 0x1, description: 0x2, duration: 0x8, size: 0x10, flags: 0x20 } as const;
const TRUN = { dataOffset: 0x1, firstFlags: 0x4, duration: 0x100, size: 0x200, flags: 0x400, cts: 0x800 } as const;
/** sample_is_non_sync_sample (ISO/IEC 14496-12, 8.8.3.1). */
const NON_SYNC = 0x10000;

/** Reads 32-bit fields one after another; a field that the flags leave out is `otherwise`. */
function fieldReader(body: Buffer, flags: number, start: number) {
  let at = start;
  const next = (): number => {
    at += 4;
    return at - 4;
  };
  return {
    unsigned: (flag: number, otherwise: number): number => (flags & flag ? body.readUInt32BE(next()) : otherwise),
    signed: (flag: number, otherwise: number): number => (flags & flag ? body.readInt32BE(next()) : otherwise),
  };
}

function* readFragment(bytes: Buffer, moof: { body: Buffer; at: number }): Generator<Sample> {
  const traf = findBox(moof.body, 'traf')?.body;
  const tfhd = traf && findBox(traf, 'tfhd')?.body;
  const tfdt = traf && findBox(traf, 'tfdt')?.body;
  if (!traf || !tfhd || !tfdt) throw broken('a fragment lacks its headers');
  const has = tfhd.readUInt32BE(0) & 0xffffff;
  const head = fieldReader(tfhd, has, 8 + (has & TFHD.baseDataOffset ? 8 : 0) + (has & TFHD.description ? 4 : 0));
  const defaults = {
    duration: head.unsigned(TFHD.duration, 0),
    size: head.unsigned(TFHD.size, 0),
    flags: head.unsigned(TFHD.flags, 0),
  };
  let dts = tfdt[0] === 1 ? Number(tfdt.readBigUInt64BE(4)) : tfdt.readUInt32BE(4);
  for (const run of boxesOf(traf)) {
    if (run.type !== 'trun') continue;
    const flags = run.body.readUInt32BE(0) & 0xffffff;
    if (!(flags & TRUN.dataOffset)) throw broken('a run lacks its data offset');
    const fields = fieldReader(run.body, flags, 8);
    let data = moof.at + fields.signed(TRUN.dataOffset, 0);
    const firstFlags = fields.unsigned(TRUN.firstFlags, -1);
    const count = run.body.readUInt32BE(4);
    for (let i = 0; i < count; i++) {
      const duration = fields.unsigned(TRUN.duration, defaults.duration);
      const size = fields.unsigned(TRUN.size, defaults.size);
      const own = fields.unsigned(TRUN.flags, defaults.flags);
      const sampleFlags = i === 0 && firstFlags >= 0 ? firstFlags : own;
      // Version 0 has unsigned offsets, but ffmpeg writes negative ones there too; none is beyond 2^31 ticks.
      const cts = fields.signed(TRUN.cts, 0);
      if (data + size > bytes.length) throw broken('it is cut off');
      yield { pts: dts + cts, key: (sampleFlags & NON_SYNC) === 0, bytes: bytes.subarray(data, data + size) };
      data += size;
      dts += duration;
    }
  }
}

/** One sample of a fragment to be written. */
export interface TimedSample {
  readonly dts: number;
  readonly pts: number;
  readonly duration: number;
  readonly key: boolean;
  readonly bytes: Buffer;
}

/** A movie fragment of track 1: `moof` and `mdat`. Decode times are explicit, composition offsets signed (version 1). */
export function writeFragment(sequence: number, samples: readonly TimedSample[]): Buffer {
  const first = samples[0];
  if (!first) return Buffer.alloc(0);
  const table = Buffer.alloc(samples.length * 16);
  for (const [i, sample] of samples.entries()) {
    table.writeUInt32BE(sample.duration, i * 16);
    table.writeUInt32BE(sample.bytes.length, i * 16 + 4);
    // Sync samples depend on no other (2 << 24); others do (1 << 24) and are no sync samples.
    table.writeUInt32BE(sample.key ? 0x02000000 : 0x01010000, i * 16 + 8);
    table.writeInt32BE(sample.pts - sample.dts, i * 16 + 12);
  }
  const u32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const baseTime = Buffer.alloc(8);
  baseTime.writeBigUInt64BE(BigInt(first.dts));
  const build = (dataOffset: number): Buffer =>
    box(
      'moof',
      fullBox('mfhd', 0, 0, u32(sequence)),
      box(
        'traf',
        fullBox('tfhd', 0, 0x020000, u32(1)),
        fullBox('tfdt', 1, 0, baseTime),
        fullBox(
          'trun',
          1,
          TRUN.dataOffset | TRUN.duration | TRUN.size | TRUN.flags | TRUN.cts,
          u32(samples.length),
          u32(dataOffset),
          table,
        ),
      ),
    );
  const moof = build(build(0).length + 8);
  return Buffer.concat([moof, box('mdat', ...samples.map((sample) => sample.bytes))]);
}
