import { open } from 'node:fs/promises';
import { DailiesError, type Rational } from '@dailies/contracts';
import { listPackets } from './framecrc.ts';
import { boxesOf, findBox } from './mp4/boxes.ts';
import { pauseOf, SoundTrack, soundDifference } from './sound.ts';
import type { FfmpegTools } from './tools.ts';

export interface Expected {
  /** PTS of all frames, ascending, in ticks of `timeBase`. */
  readonly pts: Float64Array;
  readonly timeBase: Rational;
  readonly endPts: number;
  /** Seconds that were taken off all times of the recording. */
  readonly originSeconds: number;
  /** The sound of the recording, track by track. */
  readonly sound: readonly SoundTrack[];
}

export interface VerifyOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Keyframes may be this far apart, plus one frame. */
const MAX_KEYFRAME_SECONDS = 4;
/** MP4 counts the start of a late track in milliseconds. */
const MAX_SHIFT_SECONDS = 0.001;

/**
 * Checks a film before it is published: each frame at its own time, decode times in order, keyframes near enough, the
 * sound packet for packet, and the index at the front.
 * @throws DailiesError FILM_NOT_EXACT that names the first difference; AUDIO_UNSUPPORTED for sound that no film can hold
 */
export async function verifyFilm(
  tools: FfmpegTools,
  film: string,
  expected: Expected,
  options: VerifyOptions,
): Promise<void> {
  const length = await pictureLength(film);
  const { pts, endPts, timeBase } = expected;
  const wanted = seconds(endPts - (pts[0] as number), timeBase);
  if (Math.abs(length - wanted) > MAX_SHIFT_SECONDS)
    throw inexact(`its picture lasts ${length.toFixed(3)} s instead of ${wanted.toFixed(3)} s`);
  const picture = new PictureCheck(expected);
  const maps = ['0:v:0', ...expected.sound.map((_, i) => `0:a:${i}`)];
  const tracks = expected.sound.map(() => new SoundTrack());
  const streams = await listPackets(
    tools,
    { path: film, probing: [], clock: [] },
    maps,
    (packet) => (packet.stream === 0 ? picture.add(packet) : tracks[packet.stream - 1]?.add(packet)),
    options,
  );
  const shift = picture.finish(streams[0]?.timeBase) - expected.originSeconds;
  for (const [i, theirs] of expected.sound.entries()) {
    const ours = tracks[i] as SoundTrack;
    const timeBase = streams[i + 1]?.timeBase;
    if (!timeBase) throw inexact(`sound track ${i + 1} is missing`);
    ours.timeBase = timeBase;
    const pause = pauseOf(theirs, ours);
    if (pause !== null)
      throw new DailiesError(
        'AUDIO_UNSUPPORTED',
        `Sound track ${i + 1} pauses at ${pause.toFixed(3)} s. MP4 and MOV count uncompressed sound by samples, so it would be early from there on. FLAC holds the same samples and keeps the pause: ffmpeg -i IN -map 0 -c copy -c:a:${i} flac OUT.mkv`,
      );
    const difference = soundDifference(theirs, ours, { shiftSeconds: shift, toleranceSeconds: MAX_SHIFT_SECONDS });
    if (difference) throw inexact(`sound track ${i + 1}: ${difference}`);
  }
}

function inexact(what: string): DailiesError {
  return new DailiesError('FILM_NOT_EXACT', `The film differs from its recording: ${what}. It was not published.`);
}

const seconds = (ticks: number, base: { num: number; den: number }): number => (ticks * base.num) / base.den;

class PictureCheck {
  readonly #expected: Expected;
  readonly #pts: Float64Array;
  #count = 0;
  #lastDts = Number.NEGATIVE_INFINITY;
  #endPts = Number.NEGATIVE_INFINITY;
  readonly #keys: number[] = [];

  constructor(expected: Expected) {
    this.#expected = expected;
    this.#pts = new Float64Array(expected.pts.length);
  }

  add(packet: { pts: number | null; dts: number; key: boolean }): void {
    if (packet.pts === null) throw inexact(`frame ${this.#count} has no presentation time`);
    if (packet.dts <= this.#lastDts) throw inexact(`decode times do not ascend at frame ${this.#count}`);
    if (packet.pts < packet.dts) throw inexact(`frame ${this.#count} would be shown before it is decoded`);
    if (this.#count === this.#pts.length)
      throw inexact(`it has more than the ${this.#pts.length} frames of the recording`);
    this.#lastDts = packet.dts;
    if (packet.key) this.#keys.push(packet.pts);
    this.#endPts = Math.max(this.#endPts, packet.pts);
    this.#pts[this.#count++] = packet.pts;
  }

  /** @returns the constant shift in seconds, below 1 ms */
  finish(base: { num: number; den: number } | undefined): number {
    if (!base) throw inexact('it has no picture track');
    const { pts, timeBase } = this.#expected;
    if (this.#count !== pts.length) throw inexact(`it has ${this.#count} frames instead of ${pts.length}`);
    this.#pts.sort();
    // Both in units of 1/(den × den'), so that nothing is rounded.
    const ours = base.num * timeBase.den;
    const theirs = timeBase.num * base.den;
    const unit = 1 / (base.den * timeBase.den);
    const shift = (this.#pts[0] as number) * ours - (pts[0] as number) * theirs;
    for (let i = 0; i < pts.length; i++) {
      if ((this.#pts[i] as number) * ours - (pts[i] as number) * theirs !== shift)
        throw inexact(`frame ${i} is not at its time`);
    }
    if (Math.abs(shift * unit) >= MAX_SHIFT_SECONDS)
      throw inexact(`the picture is shifted by ${(shift * unit).toFixed(6)} s`);
    this.#checkKeys(base);
    return shift * unit;
  }

  #checkKeys(base: { num: number; den: number }): void {
    if (this.#keys[0] !== this.#pts[0]) throw inexact('it does not begin with a keyframe');
    let at = 0;
    for (let k = 1; k < this.#keys.length; k++) {
      const from = this.#keys[k - 1] as number;
      const to = this.#keys[k] as number;
      // The frame before the keyframe may be the one that was a little too early for it.
      while (at + 1 < this.#pts.length && (this.#pts[at + 1] as number) < to) at++;
      if (seconds((this.#pts[at] as number) - from, base) > MAX_KEYFRAME_SECONDS)
        throw inexact(`there is no keyframe for ${seconds(to - from, base).toFixed(3)} s`);
    }
    if (seconds(this.#endPts - (this.#keys.at(-1) as number), base) > MAX_KEYFRAME_SECONDS)
      throw inexact('its last part has no keyframe');
  }
}

/**
 * How long the picture of a film is shown, in seconds: the last entry of its edit list, or the track's length.
 * Reads the index, which has to stand before the media data, so that a player can begin with the first byte.
 */
async function pictureLength(film: string): Promise<number> {
  const moov = await readMoov(film);
  const movie = moov && findBox(moov, 'mvhd')?.body;
  const trak =
    moov && [...boxesOf(moov)].find((box) => box.type === 'trak' && findBox(box.body, 'mdia/minf/vmhd'))?.body;
  const tkhd = trak && findBox(trak, 'tkhd')?.body;
  if (!movie || !tkhd) throw inexact('its index is not at the front');
  const scale = movie.readUInt32BE(movie[0] === 1 ? 20 : 12);
  const elst = findBox(trak, 'edts/elst')?.body;
  if (!elst) return (tkhd[0] === 1 ? Number(tkhd.readBigUInt64BE(28)) : tkhd.readUInt32BE(20)) / scale;
  const last = 8 + (elst.readUInt32BE(4) - 1) * (elst[0] === 1 ? 20 : 12);
  return (elst[0] === 1 ? Number(elst.readBigUInt64BE(last)) : elst.readUInt32BE(last)) / scale;
}

/** The content of `moov`, or null when it does not stand before `mdat`. */
async function readMoov(film: string): Promise<Buffer | null> {
  const file = await open(film, 'r');
  try {
    const { size } = await file.stat();
    for (let at = 0; at + 16 <= size; ) {
      const head = Buffer.alloc(16);
      await file.read(head, 0, 16, at);
      const type = head.toString('latin1', 4, 8);
      const length = head.readUInt32BE(0);
      if (type === 'moov') {
        const body = Buffer.alloc(length - 8);
        await file.read(body, 0, body.length, at + 8);
        return body;
      }
      if (type === 'mdat' || length < 8) return null;
      at += length;
    }
    return null;
  } finally {
    await file.close();
  }
}
