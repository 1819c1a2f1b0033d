import { DailiesError, type EncodeSettings, MAX_BATCH_BYTES, type Picture, type Rational } from '@dailies/contracts';
import { encoderOptions } from './encoder.ts';
import type { NutHeader } from './nut/format.ts';
import type { NutFrame } from './nut/reader.ts';
import { frameHeader, nutHeader } from './nut/writer.ts';
import { lookIntoPackets, nutTarget, offsetFor, type PacketTable, readPacketTable, streamPackets } from './packets.ts';
import { decodeFilters, preparedPicture } from './picture.ts';
import { type CutProblem, planBatches } from './plan.ts';
import { runFfmpeg } from './run.ts';
import { SAFE_INPUT } from './safety.ts';
import type { Source } from './source.ts';
import type { PlannedBatch } from './tail.ts';
import { type Ratio, ticksPer, toTicks } from './ticks.ts';
import type { FfmpegTools } from './tools.ts';

/** A batch as the splitter sends it. PTS are ticks of the split's time base. */
export interface CutBatch {
  readonly index: number;
  readonly pts: readonly number[];
  readonly endPts: number;
  readonly basePts: number;
  /** NUT bytes: the compressed packets that the frames need. */
  readonly payload: Buffer;
}

export interface SplitSink {
  /** False when the batch is stored already: its payload is not made. */
  wants(index: number): boolean;
  /** Resolves when there is room for the next one; until then ffmpeg is held back. */
  batch(batch: CutBatch): Promise<void>;
}

export interface SplitOptions {
  readonly batchSeconds: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** What is known before the first batch. */
export interface PreparedSplit {
  readonly cut: 'copy' | 'rekey';
  readonly timeBase: Rational;
  /** Exact for `copy`; for `rekey` the number of packets, which is near. */
  readonly frames: number;
  readonly durationMs: number;
  /** The picture that the payloads decode to. */
  readonly picture: Picture;
  /** Why it has to be decoded to be cut; null for `copy`. */
  readonly problem: CutProblem | 'asked for' | null;
  /** Cuts and sends all batches. @returns how many batches and frames there are */
  run(sink: SplitSink): Promise<{ batches: number; frames: number }>;
}

/** A single GOP longer than this is re-keyed: one worker would have it alone for too long. */
const MAX_GOP_SECONDS = 30;
/** Room for the headers of the payload within a message. */
const MAX_PAYLOAD_BYTES = MAX_BATCH_BYTES - 64 * 1024;

/**
 * Reads the packets of a recording and decides how it is cut: at its own keyframes without decoding, or, where that is
 * not possible or `force` says so, by decoding it and encoding it again with keyframes of our own.
 */
export async function prepareSplit(
  tools: FfmpegTools,
  source: Source,
  options: SplitOptions,
  force: 'copy' | 'rekey',
): Promise<PreparedSplit> {
  // Both at once: nearly all recordings need no offset, and a look that was in vain is taken again.
  const early = force === 'copy' ? lookIntoPackets(tools, source, 0, options).catch(() => null) : Promise.resolve(null);
  const { table, timeBase } = await readPacketTable(tools, source, options).catch(async (error: unknown) => {
    await early;
    throw error;
  });
  const offset = offsetFor(table.minPts(), timeBase);
  const durationMs = source.durationMs;
  let problem: CutProblem | 'asked for' = 'asked for';
  if (force === 'copy') {
    const look = await early;
    if (table.hasAllPts()) {
      const found = offset.seconds === 0 && look ? look : await lookIntoPackets(tools, source, offset.seconds, options);
      found.mark(table);
    }
    const plan = planBatches(table, {
      timeBase,
      endPts: source.endPts,
      batchSeconds: options.batchSeconds,
      maxBytes: MAX_PAYLOAD_BYTES,
      maxSeconds: MAX_GOP_SECONDS,
    });
    if (plan.problem === null) {
      return {
        cut: 'copy',
        timeBase,
        frames: plan.frames,
        durationMs,
        picture: source.picture,
        problem: null,
        run: (sink) =>
          splitByCopy(tools, source, table, plan.batches, { timeBase, offsetSeconds: offset.seconds }, sink, options),
      };
    }
    problem = plan.problem;
  }
  return {
    cut: 'rekey',
    timeBase,
    frames: table.length,
    durationMs,
    picture: preparedPicture(source.picture),
    problem,
    run: (sink) => splitByRekey(tools, source, { timeBase, offset }, sink, options),
  };
}

async function splitByCopy(
  tools: FfmpegTools,
  source: Source,
  table: PacketTable,
  batches: readonly PlannedBatch[],
  at: { timeBase: Rational; offsetSeconds: number },
  sink: SplitSink,
  options: SplitOptions,
): Promise<{ batches: number; frames: number }> {
  let header: NutHeader | null = null;
  // Payloads from `first` on; the next batch may begin before the last one ended (leading pictures).
  let first = 0;
  let pending: Buffer[] = [];
  let index = 0;
  let sent = 0;
  await streamPackets(
    tools,
    source,
    at.offsetSeconds,
    {
      header: (found) => {
        header = { ...found, timeBase: at.timeBase };
      },
      packet: async (i, payload) => {
        if (payload.length !== table.size[i]) throw changed();
        pending.push(payload);
        for (let batch = batches[index]; batch && i + 1 === batch.until; batch = batches[index]) {
          if (sink.wants(index))
            await sink.batch(
              copyBatch(
                index,
                batch,
                table,
                pending.slice(batch.from - first, batch.until - first),
                header as NutHeader,
              ),
            );
          sent += batch.pts.length;
          index++;
          const next = batches[index]?.from ?? batch.until;
          pending = pending.slice(next - first);
          first = next;
        }
      },
    },
    options,
  );
  if (index !== batches.length) throw changed();
  return { batches: index, frames: sent };
}

function changed(): DailiesError {
  return new DailiesError('RECORDING_CHANGED', 'The file was changed while it was processed.');
}

function copyBatch(
  index: number,
  batch: PlannedBatch,
  table: PacketTable,
  payloads: readonly Buffer[],
  header: NutHeader,
): CutBatch {
  const pts = payloads.map((_, i) => table.pts[batch.from + i] as number);
  const basePts = pts.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
  const parts: Buffer[] = [nutHeader(header)];
  for (const [i, payload] of payloads.entries()) {
    parts.push(
      frameHeader((pts[i] as number) - basePts, payload.length, i === 0 || table.isEntry(batch.from + i)),
      payload,
    );
  }
  return { index, pts: batch.pts, endPts: batch.endPts, basePts, payload: Buffer.concat(parts) };
}

/** Re-keyed batches begin at keyframes this far apart. */
const REKEY_SECONDS = 2;
/** Near lossless, and bounded, so that a batch always fits into a message. */
const REKEY_CRF = 10;
const REKEY_MAX_BITS = Math.floor((MAX_PAYLOAD_BYTES * 8) / (REKEY_SECONDS * 2));

async function splitByRekey(
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
    group = [];
    bytes = 0;
  };
  const target = nutTarget({
    header: (found) => {
      header = { ...found, timeBase: at.timeBase };
      ratio = ticksPer(found.timeBase, at.timeBase);
    },
    frame: async (frame: NutFrame, payload: Buffer) => {
      const pts = toTicks(frame.pts, ratio) - at.offset.ticks;
      const last = group.at(-1);
      if (last && pts <= last.pts)
        throw new DailiesError('RECORDING_UNREADABLE', 'The recording decodes to frames whose times do not ascend.');
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
          ...(at.offset.seconds ? ['-itsoffset', String(at.offset.seconds)] : []),
          '-noautorotate',
          ...source.probing,
          ...SAFE_INPUT,
        ],
        source: source.path,
      },
    ],
    output: [
      ...[
        '-map',
        `0:${source.videoIndex}`,
        '-vf',
        decodeFilters(source.picture),
        ...tools.passthrough,
        '-enc_time_base',
        '-1',
      ],
      ...encoderOptions(settings, preparedPicture(source.picture), REKEY_SECONDS),
      // Two threads always: with another number x264 may cut its bits otherwise, and a restart must give the same batches.
      ...[
        '-bf',
        '0',
        '-threads',
        '2',
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
