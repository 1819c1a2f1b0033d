import { open, rm } from 'node:fs/promises';
import { DailiesError, type Rational } from '@dailies/contracts';
import { joinFilm, type StoredBatch } from './join.ts';
import { originOf } from './origin.ts';
import type { ReadOptions } from './packets.ts';
import { refusedByBoth } from './refused-sound.ts';
import { MATROSKA } from './safety.ts';
import { listSound, type SoundTrack } from './sound.ts';
import { type Limits, readSource, type Source } from './source.ts';
import type { FfmpegTools } from './tools.ts';
import { verifyFilm } from './verify.ts';

/** What a film takes from its recording beside the picture; it can be read while the picture is still graded. */
export interface Recorded {
  readonly source: Source;
  /** One track for each of `source.audio`. */
  readonly sound: readonly SoundTrack[];
}

/** @throws DailiesError as `readSource` and `listSound` do */
export async function readRecorded(
  tools: FfmpegTools,
  recording: string,
  limits: Limits,
  options: ReadOptions,
): Promise<Recorded> {
  const source = await readSource(tools, recording, limits, options.signal);
  return { source, sound: await listSound(tools, source, options) };
}

export interface FilmJob {
  /** Absolute path of the original. */
  readonly recording: string;
  /** What was read of it before; read now when left out. */
  readonly recorded?: Recorded | null;
  /** In order. */
  readonly batches: readonly StoredBatch[];
  readonly timeBase: Rational;
  readonly limits: Limits;
  /** Absolute path of the film to be written (overwritten); on the disk where it will be published. */
  readonly film: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface MadeFilm {
  /** MOV only where MP4 cannot carry the sound (PCM). */
  readonly container: 'mp4' | 'mov';
  readonly frames: number;
  readonly durationMs: number;
}

/**
 * Joins, muxes, verifies and syncs a film. On any error nothing is left at `film`.
 * @throws DailiesError AUDIO_UNSUPPORTED, SETUP_MISMATCH, FRAMES_MISMATCH, FILM_NOT_EXACT, FFMPEG_*; system errors as they are
 */
export async function makeFilm(tools: FfmpegTools, job: FilmJob): Promise<MadeFilm> {
  const { source, sound: listed } = job.recorded ?? (await readRecorded(tools, job.recording, job.limits, job));
  const first = job.batches[0];
  const last = job.batches.at(-1);
  if (!first || !last) throw new DailiesError('INTERNAL', 'There is no batch to make a film of.');
  checkOrder(job.batches);
  const pictureEnd = (last.endPts * job.timeBase.num) / job.timeBase.den;
  const endSeconds = Math.max(pictureEnd, ...listed.map((track) => track.lastSeconds()));
  const origin = originOf(source, { firstPts: first.pts[0] as number, endSeconds }, job.timeBase);
  const originSeconds = (origin * job.timeBase.num) / job.timeBase.den;
  const batches = job.batches.map((batch) => ({
    ...batch,
    pts: batch.pts.map((pts) => pts - origin),
    endPts: batch.endPts - origin,
  }));
  // A track without a packet holds nothing to keep, and no muxer writes one.
  // In Matroska the length counts from 0, and no packet says that it is shorter than its codec's others.
  const endsSeconds = source.container === MATROSKA && source.durationMs > 0 ? source.durationMs / 1000 : null;
  const audio = source.audio.flatMap((track, i) => {
    const packets = listed[i];
    if (!packets || packets.length === 0) return [];
    return [{ ...track, startSeconds: packets.seconds(0), endsSeconds, cuts: packets.cuts }];
  });
  const sound = listed.filter((track) => track.length > 0);
  const join = (container: 'mp4' | 'mov'): Promise<void> =>
    joinFilm(tools, batches, {
      timeBase: job.timeBase,
      recording: source,
      tags: source.creationTime ? { creation_time: source.creationTime } : {},
      videoLanguage: source.videoLanguage,
      originSeconds,
      audio,
      container,
      film: job.film,
      timeoutMs: job.timeoutMs,
      signal: job.signal,
    });
  try {
    const container = await join('mp4').then(
      () => 'mp4' as const,
      async (error: unknown) => {
        if (!(error instanceof DailiesError && error.code === 'AUDIO_UNSUPPORTED')) throw error;
        await join('mov').catch((second: unknown) => {
          throw second instanceof DailiesError && second.code === error.code ? refusedByBoth(error, second) : second;
        });
        return 'mov' as const;
      },
    );
    const pts = Float64Array.from(batches.flatMap((batch) => batch.pts));
    await verifyFilm(
      tools,
      job.film,
      {
        pts,
        timeBase: job.timeBase,
        endPts: last.endPts - origin,
        originSeconds,
        sound,
      },
      job,
    );
    const file = await open(job.film, 'r+');
    await file.sync().finally(() => file.close());
    return {
      container,
      frames: pts.length,
      durationMs: ((last.endPts - origin - (pts[0] as number)) * 1000 * job.timeBase.num) / job.timeBase.den,
    };
  } catch (error) {
    const unwritable = job.signal?.aborted ? null : await writeProblem(job.film);
    await rm(job.film, { force: true });
    throw unwritable ?? error;
  }
}

const PROBE_BYTES = 1024 * 1024;

/**
 * Why nothing more can be written to a film that came to nothing, or null. ffmpeg tells of a full disk in words alone, or
 * leaves a film that ends early; either looks like a fault of the recording, which would have failed for good.
 */
async function writeProblem(film: string): Promise<unknown> {
  try {
    const file = await open(film, 'a');
    try {
      await file.writeFile(Buffer.alloc(PROBE_BYTES));
      await file.sync();
    } finally {
      await file.close();
    }
    return null;
  } catch (error) {
    return error;
  }
}

/** Two cuts of one recording, mixed, would be joined to something that is neither. */
function checkOrder(batches: readonly StoredBatch[]): void {
  for (const [i, { endPts }] of batches.entries()) {
    const next = batches[i + 1]?.pts[0];
    if (next !== undefined && next < endPts)
      throw new DailiesError(
        'FILM_NOT_EXACT',
        `Batches ${i} and ${i + 1} hold frames of the same time: they come from two different cuts of the recording. \`dailies replay\` cuts it anew.`,
      );
  }
}
