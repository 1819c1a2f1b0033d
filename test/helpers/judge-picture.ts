import { type Case, type Check, remark, verdict } from './judge-case.ts';
import { findBoxes, listBoxes, pictureTracks, readMoov } from './mp4-boxes.ts';
import { type Packet, rotationOf, type Stream, streamsOf } from './probe.ts';

/** Keyframes may be this far apart, plus one frame. */
const KEYFRAME_SECONDS = 4;
/** A constant shift below this is what an edit list rounds to: it counts in milliseconds. */
const SHIFT_SECONDS = 0.001;

/** Frames, their times, decode times, keyframes, the last frame, size, shape and colour. */
export async function judgePicture(both: Case): Promise<Check[]> {
  const [source] = streamsOf(both.recording.description, 'video');
  const videos = streamsOf(both.film.description, 'video');
  const [video] = videos;
  if (!source || !video) return [];
  const packets = both.film.packets.filter((packet) => packet.stream === video.index);
  return [
    verdict('one picture track', videos.length === 1, `${videos.length} in the film`),
    verdict('codec', isPlayable(video), `${video.codec_name} ${video.profile} ${video.pix_fmt}`),
    ...judgeTimes(both, source, video),
    ...judgeDecoding(packets),
    judgeKeyframes(both, packets, video),
    await judgeLastFrame(both, source, video),
    ...judgeShape(source, video),
    ...judgeColour(source, video),
  ];
}

const isPlayable = (video: Stream): boolean =>
  video.codec_name === 'h264' && (video.pix_fmt === 'yuv420p' || video.pix_fmt === 'yuvj420p');

function judgeTimes({ recording, film, clock, shift }: Case, source: Stream, video: Stream): Check[] {
  const theirs = recording.frames.map((frame) => clock.exact(frame.pts, source.time_base));
  const ours = film.frames.map((frame) => clock.exact(frame.pts, video.time_base));
  const pairs = Math.min(theirs.length, ours.length);
  const moved: { frame: number; by: bigint }[] = [];
  for (let i = 0; i < pairs; i++) {
    const by = (ours[i] as bigint) - (theirs[i] as bigint) - shift;
    if (by !== 0n) moved.push({ frame: i, by });
  }
  const first = moved[0] ? `, frame ${moved[0].frame} by ${clock.seconds(moved[0].by).toFixed(6)} s` : '';
  const start = Number(recording.description.format.start_time ?? 0);
  const shifted = clock.seconds(shift);
  return [
    verdict('frames', theirs.length === ours.length && pairs > 0, `${theirs.length} → ${ours.length}`),
    verdict('every frame at its time', moved.length === 0, `${moved.length} of ${pairs} moved${first}`),
    verdict(
      'no shift',
      Math.abs(shifted) < SHIFT_SECONDS || start !== 0,
      `${shifted.toFixed(6)} s, the recording starts at ${start}`,
    ),
    verdict(
      'frame times ascend',
      ours.every((pts, i) => i === 0 || pts > (ours[i - 1] as bigint)),
    ),
  ];
}

/** @param packets of the picture, in decoding order */
export function judgeDecoding(packets: readonly Pick<Packet, 'pts' | 'dts'>[]): Check[] {
  const ascending = packets.every(({ dts }, i) => dts !== null && (i === 0 || dts > (packets[i - 1]?.dts ?? dts)));
  const inTime = packets.every(({ pts, dts }) => pts !== null && dts !== null && pts >= dts);
  return [
    verdict('decode times ascend', ascending, `${packets.length} packets`),
    verdict('no frame shown before it is decoded', inTime),
  ];
}

/** From each keyframe to the last frame before the next one it may be four seconds: so the keyframe came one frame later. */
function judgeKeyframes({ clock }: Case, packets: readonly Packet[], video: Stream): Check {
  const shown = packets.filter((packet) => packet.pts !== null).sort((a, b) => (a.pts as number) - (b.pts as number));
  let key: number | null = null;
  let longest = 0;
  let count = 0;
  for (const packet of shown) {
    const pts = packet.pts as number;
    if (packet.key) {
      key = pts;
      count++;
    }
    if (key === null) return verdict('seekable', false, 'the first frame is no keyframe');
    longest = Math.max(longest, clock.seconds(clock.exact(pts - key, video.time_base)));
  }
  const detail = `${count} keyframes, at most ${longest.toFixed(3)} s from one to the last frame that needs it`;
  return verdict('seekable', count > 0 && longest <= KEYFRAME_SECONDS, detail);
}

/**
 * How long the last frame is shown. A recording says it twice, as the length of the last packet and as the end of the
 * track; where frames come at a variable rate and in another order than they are decoded, the two differ and each is right.
 */
async function judgeLastFrame({ recording, film, clock }: Case, source: Stream, video: Stream): Promise<Check> {
  const name = 'last frame';
  const last = recording.frames.at(-1);
  const [first, end] = [film.frames[0], film.frames.at(-1)];
  const length = await pictureSeconds(film.path);
  if (!last || !first || !end || length === null) return verdict(name, false, 'the film does not say how long it is');
  const ours = length - clock.seconds(clock.exact(end.pts - first.pts, video.time_base));
  const told: number[] = [];
  const packet = recording.packets.find(({ stream, pts }) => stream === source.index && pts === last.pts);
  if (packet?.duration) told.push(packet.duration);
  if (source.duration_ts !== undefined) told.push((source.start_pts ?? 0) + source.duration_ts - last.pts);
  const seconds = told.filter((ticks) => ticks > 0).map((ticks) => clock.seconds(clock.exact(ticks, source.time_base)));
  if (seconds.length === 0) return remark(name, `${ours.toFixed(4)} s; the recording does not tell`);
  const tick = clock.seconds(clock.exact(1, source.time_base));
  const good = seconds.some((theirs) => Math.abs(theirs - ours) <= SHIFT_SECONDS + tick);
  return verdict(name, good, `${seconds.map((each) => each.toFixed(4)).join(' or ')} → ${ours.toFixed(4)} s`);
}

/** How long the picture of an MP4 is shown: its edit list without empty edits, else the length of its track. */
async function pictureSeconds(path: string): Promise<number | null> {
  const moov = await readMoov(path);
  const trak = moov && pictureTracks(moov)[0];
  if (!moov || !trak) return null;
  const mvhd = findBoxes(moov, 'moov/mvhd')[0];
  const tkhd = findBoxes(moov, 'tkhd', trak)[0];
  if (!mvhd || !tkhd) return null;
  const scale = moov.readUInt32BE(mvhd.body + (moov[mvhd.body] === 1 ? 20 : 12));
  const elst = findBoxes(moov, 'edts/elst', trak)[0];
  if (!elst)
    return (
      (moov[tkhd.body] === 1 ? Number(moov.readBigUInt64BE(tkhd.body + 28)) : moov.readUInt32BE(tkhd.body + 20)) / scale
    );
  const wide = moov[elst.body] === 1;
  let total = 0;
  for (let i = 0; i < moov.readUInt32BE(elst.body + 4); i++) {
    const at = elst.body + 8 + i * (wide ? 20 : 12);
    const from = wide ? Number(moov.readBigInt64BE(at + 8)) : moov.readInt32BE(at + 4);
    if (from >= 0) total += wide ? Number(moov.readBigUInt64BE(at)) : moov.readUInt32BE(at);
  }
  return total / scale;
}

function judgeShape(source: Stream, video: Stream): Check[] {
  const [w, h] = shownSize(source);
  const [width, height] = shownSize(video);
  // x264 takes even sizes only: an odd edge is padded.
  const even = width === w + (w % 2) && height === h + (h % 2);
  const aspect = (stream: Stream) => (stream.sample_aspect_ratio ?? '1:1').replace('0:1', '1:1');
  return [
    verdict('size as shown', even, `${w}x${h} → ${width}x${height}`),
    verdict('pixel aspect', aspect(source) === aspect(video), `${aspect(source)} → ${aspect(video)}`),
  ];
}

function shownSize(stream: Stream): [number, number] {
  const [width, height] = [stream.width ?? 0, stream.height ?? 0];
  return rotationOf(stream) % 180 === 0 ? [width, height] : [height, width];
}

function judgeColour(source: Stream, video: Stream): Check[] {
  return (['color_range', 'color_space', 'color_primaries', 'color_transfer'] as const).map((tag) => {
    const theirs = source[tag] ?? 'unknown';
    const ours = video[tag] ?? 'unknown';
    // Full range becomes limited by rule, and what the recording does not say the film may.
    if (theirs === 'unknown' || theirs === 'pc') return remark(tag, `${theirs} → ${ours}`);
    return verdict(tag, theirs === ours, `${theirs} → ${ours}`);
  });
}

/** How many sample descriptions the picture tracks of an MP4 have, and how many H.264 setup records are in its index. */
export function setupRecords(moov: Buffer): { descriptions: number; avcC: number } {
  const stsds = pictureTracks(moov).flatMap((trak) => findBoxes(moov, 'mdia/minf/stbl/stsd', trak));
  const descriptions = stsds.flatMap((stsd) => listBoxes(moov, stsd.body + 8, stsd.end));
  // Counted as bytes, so that one in an unexpected place is seen too.
  return { descriptions: descriptions.length, avcC: moov.toString('latin1').split('avcC').length - 1 };
}
