import { DailiesError, type EncodeSettings, MAX_BATCH_BYTES, type Rational } from '@dailies/contracts';
import { MAX_PAYLOAD_BYTES, type SplitOptions, type SplitSink } from './cut.ts';
import { encoderOptions } from './encoder.ts';
import type { NutHeader } from './nut/format.ts';
import type { NutFrame } from './nut/reader.ts';
import { frameHeader, nutHeader } from './nut/writer.ts';
import { nutTarget } from './packets.ts';
import { decodeFilters, preparedPicture, timeBaseAfter } from './picture.ts';
import { runFfmpeg } from './run.ts';
import { SAFE_INPUT } from './safety.ts';
import type { Source } from './source.ts';
import { type Ratio, ticksPer } from './ticks.ts';
import type { FfmpegTools } from './tools.ts';

/** Re-keyed batches begin at keyframes this far apart. */
const REKEY_SECONDS = 2;
/**
 * Near lossless, and bounded, so that a batch always fits into a message. What is sent after a restart has to go with what
 * was sent before it, and where a batch ends depends on its bytes: so one thread (with a bound on the bit rate, x264's
 * threads share out the bits as they happen to run) and no choice of algorithms by processor. Another build of ffmpeg may
 * give other bytes; see `recipeOf` of the splitter.
 */
const REKEY_CRF = 10;
const REKEY_MAX_BITS = Math.floor((MAX_PAYLOAD_BYTES * 8) / (REKEY_SECONDS * 2));

/**
 * Decodes a recording once and encodes it again near losslessly with keyframes of our own, for those that cannot be cut at
 * theirs. Each frame keeps its time.
 * @returns how many batches and frames there are
 * @throws DailiesError RECORDING_UNREADABLE, BATCH_TOO_LARGE, FFMPEG_*
 */
export async function splitByRekey(
  tools: FfmpegTools,
  source: Source,
  at: { timeBase: Rational; offset: { seconds: number; ticks: number } },
  sink: SplitSink,
  options: SplitOptions,
): Promise<{ batches: number; frames: number }> {
  let header: NutHeader | null = null;
  let group: { pts: number; payload: Buffer }[] = [];
  let bytes = 0;
  let index = 0;
  let frames = 0;
  let lastGap = 1;
  let lastPts = Number.NEGATIVE_INFINITY;
  const flush = async (endPts: number): Promise<void> => {
    const pts = group.map((frame) => frame.pts);
    const basePts = pts[0] as number;
    const parts = group.flatMap((frame, i) => [
      frameHeader(frame.pts - basePts, frame.payload.length, i === 0),
      frame.payload,
    ]);
    const batch = { index, pts, endPts, basePts, payload: Buffer.concat([nutHeader(header as NutHeader), ...parts]) };
    if (batch.payload.length > MAX_BATCH_BYTES)
      throw new DailiesError(
        'BATCH_TOO_LARGE',
        `A batch of ${group.length} re-keyed frames takes ${batch.payload.length} bytes.`,
      );
    if (sink.wants(index)) await sink.batch(batch);
    index++;
    frames += group.length;
    lastPts = pts.at(-1) as number;
    group = [];
    bytes = 0;
  };
  const target = nutTarget({
    header: (found) => {
      header = { ...found, timeBase: at.timeBase };
      ratio = ticksPer(found.timeBase, at.timeBase);
    },
    frame: async (frame: NutFrame, payload: Buffer) => {
      const last = group.at(-1);
      // Two frames of one time (joined recordings): the later one is shown a tick after the other. ffmpeg has moved it by
      // a tick of its own, which may be a finer one.
      const pts = Math.max(
        Math.floor((frame.pts * ratio.mul) / ratio.div) - at.offset.ticks,
        (last?.pts ?? lastPts) + 1,
      );
      if (last) lastGap = pts - last.pts;
      const seconds = group[0] ? ((pts - group[0].pts) * at.timeBase.num) / at.timeBase.den : 0;
      const full = seconds + REKEY_SECONDS > options.batchSeconds * 1.5 || bytes > MAX_PAYLOAD_BYTES / 2;
      if (frame.key && group.length > 0 && full) await flush(pts);
      group.push({ pts, payload });
      bytes += payload.length;
    },
  });
  let ratio: Ratio = { mul: 1, div: 1 };
  const settings: EncodeSettings = { preset: 'ultrafast', crf: REKEY_CRF, lossless: false };
  await runFfmpeg({
    tools,
    inputs: [
      {
        options: [
          '-copyts',
          ...(at.offset.seconds ? ['-itsoffset', String(at.offset.seconds)] : source.clock),
          '-noautorotate',
          ...source.probing,
          ...SAFE_INPUT,
        ],
        source: source.path,
      },
    ],
    reads: source.path,
    output: [
      ...[
        '-map',
        `0:${source.videoIndex}`,
        '-vf',
        decodeFilters(source.picture, 'fitted'),
        ...tools.passthrough,
        '-enc_time_base',
        timeBaseAfter(source.picture, at.timeBase),
      ],
      ...encoderOptions(settings, preparedPicture(source.picture), REKEY_SECONDS, ['cpu-independent=1']),
      ...[
        '-bf',
        '0',
        '-threads',
        '1',
        '-maxrate',
        String(REKEY_MAX_BITS),
        '-bufsize',
        String(REKEY_MAX_BITS),
        '-f',
        'nut',
      ],
    ],
    target,
    timeoutMs: options.timeoutMs,
    signal: options.signal,
    purpose: 'decode the recording',
  });
  const last = group.at(-1);
  if (last) await flush(last.pts + lastGap);
  if (frames === 0) throw new DailiesError('RECORDING_UNREADABLE', 'The recording decodes to no frame.');
  return { batches: index, frames };
}
