import type { Rational } from '@dailies/contracts';
import { type ListedPacket, listPackets } from './framecrc.ts';
import type { ReadOptions } from './packets.ts';
import type { Source } from './source.ts';
import type { FfmpegTools } from './tools.ts';

/** Far below any tick: what sums of floating point may be off. */
const FLOAT_SECONDS = 1e-7;

/** Times, sizes and checksums of the packets of one sound track, as columns: 16 bytes a packet. */
export class SoundTrack {
  length = 0;
  /** Uncompressed sound has no packets of its own: containers cut it as they like. */
  uncompressed = false;
  timeBase: Rational = { num: 1, den: 1 };
  /** Ticks of `timeBase`. */
  pts = new Float64Array(1024);
  checksum = new Uint32Array(1024);
  size = new Uint32Array(1024);
  /** Packets that edits in the middle jump over, as half-open ranges of all packets of the track: they are not heard. */
  readonly cuts: { readonly from: number; readonly to: number }[] = [];
  #listed = 0;
  /** Packets at the end that are not heard, as far as is known: a gap when one that is heard follows. */
  #unheard = 0;

  add(packet: Pick<ListedPacket, 'pts' | 'dts' | 'size' | 'checksum'> & { readonly discard?: boolean }): void {
    if (packet.discard) this.#unheard++;
    else {
      // What comes before the first that is heard prepares the decoder; the film's own edit list hides it, too.
      if (this.#unheard > 0 && this.#listed > this.#unheard) {
        this.length -= this.#unheard;
        this.cuts.push({ from: this.#listed - this.#unheard, to: this.#listed });
      }
      this.#unheard = 0;
    }
    this.#listed++;
    if (this.length === this.pts.length) {
      for (const column of ['pts', 'checksum', 'size'] as const) {
        const wider = column === 'pts' ? new Float64Array(this.length * 2) : new Uint32Array(this.length * 2);
        wider.set(this[column]);
        this[column] = wider as never;
      }
    }
    this.pts[this.length] = packet.pts ?? packet.dts;
    this.checksum[this.length] = Number(packet.checksum);
    this.size[this.length++] = packet.size;
  }

  /**
   * Size and checksum of all packets as one. Checksums of parts are combined (RFC 1950, 9; `framecrc` begins with 0, not 1):
   * the sum of sums grows by the length of a part times the sum so far.
   */
  whole(): { bytes: number; checksum: number } {
    const modulus = 65_521;
    let [bytes, sum, sums] = [0, 0, 0];
    for (let i = 0; i < this.length; i++) {
      const [size, part] = [this.size[i] as number, this.checksum[i] as number];
      sums = (sums + (part >>> 16) + (size % modulus) * sum) % modulus;
      sum = (sum + (part & 0xffff)) % modulus;
      bytes += size;
    }
    return { bytes, checksum: sums * 65_536 + sum };
  }

  /** When its last packet begins; −∞ when it has none. */
  lastSeconds(): number {
    return this.length > 0 ? this.seconds(this.length - 1) : Number.NEGATIVE_INFINITY;
  }

  seconds(i: number): number {
    return ((this.pts[i] as number) * this.timeBase.num) / this.timeBase.den;
  }
}

/** Lists the sound of a recording, one track for each of `source.audio`. */
export async function listSound(tools: FfmpegTools, source: Source, options: ReadOptions): Promise<SoundTrack[]> {
  const tracks = source.audio.map(({ codec }) => {
    const track = new SoundTrack();
    track.uncompressed = codec.startsWith('pcm_');
    return track;
  });
  if (tracks.length === 0) return tracks;
  const streams = await listPackets(
    tools,
    { ...source, probing: [...source.probing, ...source.wholeSound] },
    source.audio.map((track) => `0:${track.index}`),
    (packet) => tracks[packet.stream]?.add(packet),
    options,
  );
  for (const [i, track] of tracks.entries()) track.timeBase = streams[i]?.timeBase ?? track.timeBase;
  return tracks;
}

/** Stamps of live sound waver by some milliseconds; what is more can be heard and seen. */
const PAUSE_SECONDS = 0.02;

/**
 * When uncompressed sound pauses (or its clock leaves the pace of its samples), in seconds; null when it does not. MP4 and
 * MOV count such sound by samples: in a film it goes on without the pause, and from there on it is early.
 */
export function pauseOf(theirs: SoundTrack, ours: SoundTrack): number | null {
  if (!theirs.uncompressed || ours.length < 2) return null;
  const all = ours.whole().bytes - (ours.size[ours.length - 1] as number);
  const bytesPerSecond = all / (ours.seconds(ours.length - 1) - ours.seconds(0));
  let bytes = 0;
  for (let i = 0; i < theirs.length; i++) {
    const late = theirs.seconds(i) - theirs.seconds(0) - bytes / bytesPerSecond;
    if (Math.abs(late) > PAUSE_SECONDS) return theirs.seconds(i) - Math.max(0, late);
    bytes += theirs.size[i] as number;
  }
  return null;
}

/**
 * What is different between a sound track of a recording and that of its film, or null when they are the same packets,
 * each at its own time.
 * @param allowed what the film may be later as a whole, and what a packet may be off beside that: containers count time
 *   in ticks of their own
 */
export function soundDifference(
  theirs: SoundTrack,
  ours: SoundTrack,
  allowed: { shiftSeconds: number; toleranceSeconds: number },
): string | null {
  const tick = ({ timeBase }: SoundTrack): number => timeBase.num / timeBase.den;
  // Times are exact in the film; a recording has rounded them to ticks of its own.
  const tolerance = Math.max(tick(theirs), tick(ours), allowed.toleranceSeconds) + FLOAT_SECONDS;
  if (theirs.uncompressed && ours.length > 0 && ours.length !== theirs.length) {
    const [a, b] = [theirs.whole(), ours.whole()];
    if (a.bytes !== b.bytes || a.checksum !== b.checksum)
      return `its ${b.bytes} bytes are not the recording's ${a.bytes}`;
    const moved = ours.seconds(0) - theirs.seconds(0) - allowed.shiftSeconds;
    return Math.abs(moved) > tolerance ? `it begins ${moved.toFixed(6)} s off` : null;
  }
  if (ours.length !== theirs.length) return `it has ${ours.length} packets instead of ${theirs.length}`;
  // MPEG-TS wraps AAC packets (ADTS); the muxer unwraps them, so their bytes differ and only times are compared.
  const wrapped =
    theirs.length > 0 &&
    ours.size
      .subarray(0, ours.length)
      .every((size, i) => size === (theirs.size[i] as number) - 7 || size === (theirs.size[i] as number) - 9);
  for (let i = 0; i < ours.length; i++) {
    if (!wrapped && ours.checksum[i] !== theirs.checksum[i]) return `packet ${i} is not the recording's`;
    const moved = ours.seconds(i) - theirs.seconds(i) - allowed.shiftSeconds;
    if (Math.abs(moved) > tolerance) return `packet ${i} is ${moved.toFixed(6)} s off`;
  }
  return null;
}
