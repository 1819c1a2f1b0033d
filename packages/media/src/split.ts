import { DailiesError, type Picture, type Rational } from '@dailies/contracts';
import { type CutBatch, MAX_PAYLOAD_BYTES, type SplitOptions, type SplitSink } from './cut.ts';
import type { NutHeader } from './nut/format.ts';
import { frameHeader, nutHeader } from './nut/writer.ts';
import { lookIntoPackets, offsetFor, type PacketTable, readPacketTable, streamPackets } from './packets.ts';
import { isOdd, preparedPicture } from './picture.ts';
import { type CutProblem, planBatches } from './plan.ts';
import { splitByRekey } from './rekey.ts';
import { otherSizes } from './sizes.ts';
import type { Source } from './source.ts';
import type { PlannedBatch } from './tail.ts';
import type { FfmpegTools } from './tools.ts';

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
  /** What the operator should know of the recording: that it is cut off, why it is decoded to be cut, what is left out. */
  readonly notes: readonly string[];
  /** Cuts and sends all batches. @returns how many batches and frames there are */
  run(sink: SplitSink): Promise<{ batches: number; frames: number }>;
}

/** A single GOP longer than this is re-keyed: one worker would have it alone for too long. */
const MAX_GOP_SECONDS = 30;

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
  const copying = force === 'copy' && travels(source.picture);
  // Both at once: nearly all recordings need no offset, and a look that was in vain is taken again.
  const early = copying ? lookIntoPackets(tools, source, 0, options).catch(() => null) : Promise.resolve(null);
  const { table, timeBase } = await readPacketTable(tools, source, options).catch(async (error: unknown) => {
    await early;
    throw error;
  });
  const offset = offsetFor(table.minPts(), timeBase);
  const durationMs = source.durationMs;
  let problem: CutProblem | 'asked for' = 'asked for';
  if (force === 'copy' && !copying) problem = 'its codec needs its container to be decoded';
  if (copying) {
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
        notes: source.notes,
        run: (sink) =>
          splitByCopy(tools, source, table, plan.batches, { timeBase, offsetSeconds: offset.seconds }, sink, options),
      };
    }
    problem = plan.problem;
  }
  const others = await otherSizes(tools, source, options);
  return {
    cut: 'rekey',
    timeBase,
    frames: table.length,
    durationMs,
    picture: preparedPicture(source.picture),
    problem,
    notes: [
      ...source.notes,
      ...(problem === 'asked for' ? [] : [`it is decoded to be cut: ${problem}`]),
      ...(others.length > 0 ? [sizesNote(others, source.picture)] : []),
    ],
    run: (sink) => splitByRekey(tools, source, { timeBase, offset }, sink, options),
  };
}

function sizesNote(others: readonly string[], picture: Picture): string {
  const size = `${picture.width}x${picture.height}`;
  const how = isOdd(picture) ? `stretched to ${size}` : `scaled to fit into ${size}, whole and in their own shape`;
  return `its picture changes its size: frames of ${others.join(', ')} are ${how}`;
}

/** Codecs whose packets decode from NUT as they do from their container. Others (QuickTime RLE, palettes) need more than NUT carries. */
const TRAVELLING: ReadonlySet<string> = new Set(
  `h264 hevc av1 vp8 vp9 mpeg4 mpeg2video mpeg1video mjpeg prores h263 theora ffv1 msmpeg4v2 msmpeg4v3 wmv2 flv1 huffyuv`.split(
    ' ',
  ),
);

function travels({ codec, pixelFormat }: Picture): boolean {
  return TRAVELLING.has(codec) && pixelFormat !== 'pal8';
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
