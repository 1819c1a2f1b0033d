import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { DailiesError, type Rational } from '@dailies/contracts';
import { ffprobe } from './ffprobe.ts';
import { type SoundFacts, settleTimes } from './mp4/durations.ts';
import { type Fragments, readFragments, type TimedSample, writeFragment } from './mp4/fragments.ts';
import { refusedSound } from './refused-sound.ts';
import { type FfmpegInput, runFfmpeg } from './run.ts';
import { SAFE_INPUT } from './safety.ts';
import type { SoundTrack } from './sound.ts';
import type { Source } from './source.ts';
import { trackTimescale } from './ticks.ts';
import { decodeClock, reorderDepth } from './timeline.ts';
import type { FfmpegTools } from './tools.ts';

/** A graded batch as it is stored. PTS are ticks of the recording's time base. */
export interface StoredBatch {
  readonly index: number;
  readonly pts: readonly number[];
  readonly endPts: number;
  /** The fMP4 of the worker. */
  read(): Promise<Buffer>;
}

export interface JoinedSound extends Pick<SoundTrack, 'cuts'> {
  /** Among all tracks of the recording. */
  readonly index: number;
  readonly codec: string;
  readonly language: string;
  /** When its first packet is heard, on the recording's clock. */
  readonly startSeconds: number;
  /** Where the recording says that it ends, on the same clock; null when it does not say, or when its packets do. */
  readonly endsSeconds: number | null;
}

export interface JoinOptions {
  readonly timeBase: Rational;
  /** The recording, for its sound, chapters and metadata. */
  readonly recording: Pick<Source, 'path' | 'probing' | 'clock' | 'wholeSound'>;
  /** Tags that ffmpeg does not carry over by itself, e.g. creation_time; and the language of the picture track. */
  readonly tags: Readonly<Record<string, string>>;
  readonly videoLanguage: string | null;
  /** Where the recording's clock begins; the batches' PTS have it taken off already. */
  readonly originSeconds: number;
  /** The sound tracks that go into the film, in order. */
  readonly audio: readonly JoinedSound[];
  readonly container: 'mp4' | 'mov';
  /** Where the film goes: an absolute path, overwritten. */
  readonly film: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Packets that are read ahead of each input. With ffmpeg's own 8, builds before 7 sleep 10 ms each time that one of two
 * inputs has nothing: most of the time of muxing.
 */
const QUEUE = ['-thread_queue_size', '256'];
/** In milliseconds, rounded down, a track that begins within the first one is not late at all, and gets no empty edit. */
const NEARLY_AT_ONCE_SECONDS = 0.002;
/** So many fit into one argument. */
const MAX_CUTS = 1000;
/** Codecs of sound that MP4 has always carried. */
const PLAIN_SOUND = ['aac', 'mp3', 'ac3'];

/**
 * Joins graded batches to a film: the first init segment, then one fragment per batch with decode times made anew over
 * the whole film; ffmpeg muxes that with the sound, chapters and metadata of the recording, untouched.
 * Memory: one batch at a time (and the sample tables of the muxer).
 * @throws DailiesError SETUP_MISMATCH, FRAMES_MISMATCH, AUDIO_UNSUPPORTED, FFMPEG_*
 */
export async function joinFilm(
  tools: FfmpegTools,
  batches: readonly StoredBatch[],
  options: JoinOptions,
): Promise<void> {
  const scale = trackTimescale(options.timeBase);
  const refine = (scale * options.timeBase.num) / options.timeBase.den;
  const depth = await commonDepth(batches);
  const first = batches[0]?.pts[0];
  if (first === undefined) throw new DailiesError('INTERNAL', 'There is no batch to join.');
  // Before the first frame decode times go on at the pace of the first two frames.
  const step = ((batches[0]?.pts[1] ?? first + 1) - first) * refine;
  // Whole seconds, so that -itsoffset takes back exactly what was added. Fragments hold no negative decode times.
  const shiftSeconds = Math.max(0, Math.ceil((depth * step - first * refine) / scale));
  const jumping = options.audio.findIndex(({ cuts }) => cuts.length > (tools.dropsPackets ? MAX_CUTS : 0));
  if (jumping >= 0)
    throw new DailiesError(
      'AUDIO_UNSUPPORTED',
      `An edit list jumps over parts of sound track ${jumping + 1} (in the middle, times: ${options.audio[jumping]?.cuts.length}), which this ffmpeg cannot leave out; 5.1 and later can, up to ${MAX_CUTS} times (FFMPEG_PATH).`,
    );
  const starts = options.audio.map(({ startSeconds, endsSeconds, language }): SoundFacts => {
    const seconds = startSeconds - options.originSeconds;
    return {
      language,
      seconds,
      delayedSeconds: seconds > 0 && seconds < NEARLY_AT_ONCE_SECONDS ? 1 : 0,
      endsSeconds: endsSeconds === null ? null : endsSeconds - options.originSeconds,
    };
  });
  const recordingDelayedBy = (delay: number): FfmpegInput => ({
    options: [
      ...['-copyts', ...QUEUE],
      ...(options.originSeconds || delay
        ? ['-itsoffset', inputOffset(options.originSeconds, delay)]
        : options.recording.clock),
      ...options.recording.probing,
      ...options.recording.wholeSound,
      ...SAFE_INPUT,
    ],
    source: options.recording.path,
  });
  await runFfmpeg({
    tools,
    inputs: [
      {
        options: [
          ...['-copyts', '-itsoffset', String(-shiftSeconds), ...QUEUE],
          ...['-protocol_whitelist', 'pipe', '-f', 'mp4'],
        ],
        source: 'pipe:0',
      },
      recordingDelayedBy(0),
      ...(starts.some(({ delayedSeconds }) => delayedSeconds > 0) ? [recordingDelayedBy(1)] : []),
    ],
    reads: options.recording.path,
    output: muxOptions(options, scale, starts),
    target: options.film,
    feed: (stdin) => writeJoined(stdin, batches, { refine, depth, step, shift: shiftSeconds * scale }),
    timeoutMs: options.timeoutMs,
    signal: options.signal,
    purpose: 'join the film',
  }).catch((error: unknown) => {
    const tail = error instanceof DailiesError ? String(error.details.stderr ?? '') : '';
    const codecs = options.audio.map(({ codec }) => codec);
    throw refusedSound(tail, codecs, options.container) ?? error;
  });
  await checkSound(tools, options);
  const last = batches.at(-1) as StoredBatch;
  const picture = {
    first: first * refine,
    last: (last.endPts - (last.pts.at(-1) as number)) * refine,
    shown: (last.endPts - first) * refine,
  };
  await settleTimes(options.film, picture, starts);
}

/** A muxer may write a codec that nobody can read back: players would be silent. @throws DailiesError AUDIO_UNSUPPORTED */
async function checkSound(tools: FfmpegTools, options: JoinOptions): Promise<void> {
  if (options.audio.every(({ codec }) => PLAIN_SOUND.includes(codec))) return;
  const { streams } = await ffprobe(tools, options.film, { timeoutMs: options.timeoutMs, signal: options.signal });
  const sound = streams.filter((stream) => stream.codec_type === 'audio');
  const lost = options.audio.find((_, i) => !sound[i]?.codec_name || sound[i]?.codec_name === 'unknown');
  if (lost)
    throw new DailiesError(
      'AUDIO_UNSUPPORTED',
      `The sound (${lost.codec}) cannot be carried by ${options.container.toUpperCase()}: players would not know it.`,
    );
}

/**
 * One microsecond less than would be exact, which is below any tick: an offset that takes away just the start of an
 * MPEG-TS is understood by ffmpeg as "begin at 0", and it moves the first of the mapped tracks there.
 */
function inputOffset(originSeconds: number, delay: number): string {
  return (delay - originSeconds - 0.000001).toFixed(6);
}

function muxOptions(options: JoinOptions, scale: number, starts: readonly SoundFacts[]): string[] {
  return [
    ...[
      '-map',
      '0:v:0',
      ...options.audio.flatMap(({ index }, i) => ['-map', `${starts[i]?.delayedSeconds ? 2 : 1}:${index}`]),
    ],
    ...['-map_metadata', '1', '-map_chapters', '1'],
    ...Object.entries(options.tags).flatMap(([name, value]) => ['-metadata', `${name}=${value}`]),
    ...(options.videoLanguage ? ['-metadata:s:v:0', `language=${options.videoLanguage}`] : []),
    // Older builds call an unknown language English.
    ...options.audio.flatMap(({ language }, i) => [`-metadata:s:a:${i}`, `language=${language}`]),
    ...options.audio.flatMap(({ cuts }, i) => (cuts.length > 0 ? [`-bsf:a:${i}`, leaveOut(cuts)] : [])),
    ...['-c', 'copy', '-copypriorss', '1', '-avoid_negative_ts', 'disabled', '-max_interleave_delta', '0'],
    ...['-video_track_timescale', String(scale), '-movflags', '+faststart', '-strict', '-2'],
    // Muxing waits for the other stream at most this many packets; a long gap in one must not end the film.
    ...['-max_muxing_queue_size', '9999', '-f', options.container],
  ];
}

/** Each term is 1 for the packets of one range and 0 for all others. Commas would end the filter. */
function leaveOut(cuts: SoundTrack['cuts']): string {
  return `noise=drop=${cuts.map(({ from, to }) => `not(floor((n-${from})/${to - from}))`).join('+')}`;
}

/** The reorder depth of the whole film, and the check that all batches share one setup record. */
async function commonDepth(batches: readonly StoredBatch[]): Promise<number> {
  let depth = 0;
  let setup: Buffer | null = null;
  for (const batch of batches) {
    const { samples, setup: own } = await readBatch(batch);
    setup ??= own;
    if (!setup.equals(own))
      throw new DailiesError(
        'SETUP_MISMATCH',
        `Batch ${batch.index} was encoded with another setup record (SPS/PPS) than the first one; do all workers run the same ffmpeg?`,
      );
    depth = Math.max(depth, reorderDepth(samples.map((sample) => sample.pts)));
  }
  return depth;
}

/** Reads a batch and proves that its samples are the frames of its manifest, up to one constant shift. */
async function readBatch(batch: StoredBatch): Promise<Fragments> {
  return readFragments(await batch.read());
}

interface Timing {
  readonly refine: number;
  readonly depth: number;
  readonly step: number;
  readonly shift: number;
}

async function writeJoined(stdin: Writable, batches: readonly StoredBatch[], timing: Timing): Promise<void> {
  const at = (pts: number): number => pts * timing.refine + timing.shift;
  const clock = decodeClock(timing.depth, at(batches[0]?.pts[0] as number), timing.step);
  // A sample's duration is the distance of decode times, so the last one of a batch has to wait for the next batch.
  let held: { samples: Omit<TimedSample, 'duration'>[]; end: number } | null = null;
  let sequence = 1;
  const put = async (bytes: Buffer): Promise<void> => {
    if (!stdin.write(bytes)) await once(stdin, 'drain');
  };
  const flush = async (nextDts: number): Promise<void> => {
    if (!held) return;
    const { samples } = held;
    await put(
      writeFragment(
        sequence++,
        samples.map((sample, i) => ({ ...sample, duration: (samples[i + 1]?.dts ?? nextDts) - sample.dts })),
      ),
    );
  };
  for (const batch of batches) {
    const fragments = await readBatch(batch);
    if (sequence === 1 && !held) await put(fragments.init);
    const order = presentationOrder(fragments, batch, timing.refine);
    const times = clock.next(batch.pts.map(at));
    const samples = fragments.samples.map((sample, i) => ({
      dts: times[i] as number,
      pts: at(batch.pts[order[i] as number] as number),
      key: sample.key,
      bytes: sample.bytes,
    }));
    await flush(times[0] as number);
    held = { samples, end: at(batch.endPts) };
  }
  const end = held as { samples: Omit<TimedSample, 'duration'>[]; end: number } | null;
  const last = end?.samples.reduce((latest, sample) => (sample.pts > latest.pts ? sample : latest));
  // The last sample in decoding order gets the duration of the last frame shown: that is how long it stays on screen.
  if (end && last) await flush((end.samples.at(-1)?.dts ?? 0) + (end.end - last.pts));
  stdin.end();
  await once(stdin, 'finish');
}

/**
 * For each sample (in decoding order) its position in presentation order.
 * @throws DailiesError FRAMES_MISMATCH when the samples are not exactly the frames of the manifest
 */
function presentationOrder(fragments: Fragments, batch: StoredBatch, refine: number): number[] {
  const { samples } = fragments;
  if (samples.length !== batch.pts.length)
    throw new DailiesError(
      'FRAMES_MISMATCH',
      `Batch ${batch.index} holds ${samples.length} frames instead of ${batch.pts.length}.`,
    );
  const byTime = samples
    .map((_, i) => i)
    .sort((a, b) => (samples[a] as { pts: number }).pts - (samples[b] as { pts: number }).pts);
  const shift = (samples[byTime[0] as number] as { pts: number }).pts - (batch.pts[0] as number) * refine;
  const order: number[] = [];
  for (const [position, i] of byTime.entries()) {
    if ((samples[i] as { pts: number }).pts - (batch.pts[position] as number) * refine !== shift) {
      throw new DailiesError(
        'FRAMES_MISMATCH',
        `Frame ${position} of batch ${batch.index} came back at another time than it was sent.`,
      );
    }
    order[i] = position;
  }
  return order;
}
