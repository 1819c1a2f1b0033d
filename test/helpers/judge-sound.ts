import { runProgram } from './builds.ts';
import { magnitude } from './exact-time.ts';
import { type Case, type Check, remark, verdict } from './judge-case.ts';
import { type Packet, type Stream, streamsOf } from './probe.ts';

/** Each track of sound: the same packets, in sync with the picture, in the same language. */
export async function judgeSound(both: Case): Promise<Check[]> {
  const theirs = streamsOf(both.recording.description, 'audio');
  const ours = streamsOf(both.film.description, 'audio');
  const checks = [verdict('audio tracks', theirs.length === ours.length, `${theirs.length} → ${ours.length}`)];
  for (const [i, source] of theirs.entries()) {
    const track = ours[i];
    if (track) checks.push(...(await judgeTrack(both, i, source, track)));
  }
  return checks;
}

async function judgeTrack(both: Case, i: number, source: Stream, track: Stream): Promise<Check[]> {
  const { recording, film, clock, shift } = both;
  const a = recording.packets.filter((packet) => packet.stream === source.index);
  const b = film.packets.filter((packet) => packet.stream === track.index);
  const pts = (packet: Packet | undefined) => packet?.pts ?? packet?.dts ?? null;
  // Times are compared in the coarser of the two time bases.
  const ticks = [clock.exact(1, source.time_base), clock.exact(1, track.time_base), clock.perSecond / 1000n];
  const tolerance = ticks.reduce((x, y) => (x > y ? x : y));
  let off = 0;
  let worst = 0n;
  for (let k = 0; k < Math.min(a.length, b.length); k++) {
    const [x, y] = [pts(a[k]), pts(b[k])];
    if (x === null || y === null) continue;
    const by = magnitude(clock.exact(y, track.time_base) - clock.exact(x, source.time_base) - shift);
    if (by > tolerance) off++;
    if (by > worst) worst = by;
  }
  const language = (stream: Stream) => stream.tags?.language ?? 'und';
  return [
    ...(await judgeBytes(both, i, a, b, source, track)),
    verdict(
      `audio ${i}: in sync`,
      off === 0,
      `${off} of ${a.length} packets off, worst ${clock.seconds(worst).toFixed(6)} s`,
    ),
    verdict(`audio ${i}: language`, language(source) === language(track), `${language(source)} → ${language(track)}`),
  ];
}

async function judgeBytes(
  { build, recording, film }: Case,
  i: number,
  a: readonly Packet[],
  b: readonly Packet[],
  source: Stream,
  track: Stream,
): Promise<Check[]> {
  const name = `audio ${i}: same sound`;
  const counts = `${source.codec_name} → ${track.codec_name}, ${a.length} → ${b.length} packets`;
  const same = a.length === b.length && a.every((packet, k) => packet.md5 === b[k]?.md5);
  if (!same) {
    // MPEG-TS wraps each packet of AAC (ADTS) and MP4 does not: then what is heard has to be the same.
    const alike =
      source.codec_name === track.codec_name &&
      (await heard(build.ffmpeg, recording.path, source)) === (await heard(build.ffmpeg, film.path, track));
    return [verdict(name, alike, `${counts}${alike ? ', other bytes that decode alike' : ''}`)];
  }
  const [x, y] = [await stored(build.ffmpeg, recording.path, source), await stored(build.ffmpeg, film.path, track)];
  const priming = a[0]?.skipped === b[0]?.skipped;
  const skipped = `${a[0]?.skipped || 'none'} → ${b[0]?.skipped || 'none'}`;
  return [
    verdict(name, x === y, counts),
    // Only MP4 and MOV say it in the same way, by an edit list; others have words of their own for it.
    isMp4(recording.path) ? verdict(`audio ${i}: priming`, priming, skipped) : remark(`audio ${i}: priming`, skipped),
  ];
}

const isMp4 = (path: string): boolean => /\.(mp4|mov|m4v)$/i.test(path);

/** Hash of all packets of a stream, without decoding. */
const stored = (ffmpeg: string, path: string, stream: Stream): Promise<string> =>
  hash(ffmpeg, path, stream, ['-c', 'copy']);
/** Hash of the decoded samples of a stream. */
const heard = (ffmpeg: string, path: string, stream: Stream): Promise<string> => hash(ffmpeg, path, stream, []);

async function hash(ffmpeg: string, path: string, stream: Stream, how: readonly string[]): Promise<string> {
  const args = ['-v', 'error', '-nostdin', '-i', path, '-map', `0:${stream.index}`, ...how, '-f', 'md5', '-'];
  const { stdout, stderr } = await runProgram(ffmpeg, args);
  return stdout.toString('latin1').trim() || stderr;
}
