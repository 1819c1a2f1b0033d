import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import { assemblerFields } from '@dailies/assembler';
import { DailiesError, type ImageBatch, sha256, toDailiesError, toDeltas, type VideoBatch } from '@dailies/contracts';
import { createSlotPool, type SlotPool } from '@dailies/filter-worker';
import { gradeImage } from '@dailies/grade';
import { explain, publishNew, withExtension } from '@dailies/library';
import {
  type CutBatch,
  type MadeFilm,
  makeFilm,
  type PreparedSplit,
  prepareSplit,
  readSource,
  type StoredBatch,
} from '@dailies/media';
import { pickFields } from '@dailies/service';
import type { GradeFile, GradeOptions } from './commands/grade.ts';

const IMAGE_FORMATS: Readonly<Record<string, ImageBatch['format']>> = {
  '.jpg': 'jpeg',
  '.jpeg': 'jpeg',
  '.png': 'png',
  '.webp': 'webp',
};

const ASSEMBLE_TIMEOUT_MS = pickFields(assemblerFields, 'ASSEMBLE_TIMEOUT_MS').map((field) => field.default)[0];

/** The pipeline's own steps without its bus: cut, grade in slots, join, verify. */
export const gradeFile: GradeFile = async (input, output, options) => {
  const folder = await mkdtemp(join(tmpdir(), 'dailies-'));
  // On the disk of the film, so that it appears by a rename; a dot file, so that no watcher takes it.
  const temporary = join(dirname(output), `.dailies-${randomBytes(8).toString('hex')}.tmp`);
  try {
    const format = IMAGE_FORMATS[extname(input).toLowerCase()];
    const made = format
      ? await gradeStill(input, temporary, format, options)
      : await gradeVideo(input, temporary, folder, options);
    const wanted =
      made.container && !output.toLowerCase().endsWith(`.${made.container}`)
        ? withExtension(output, `.${made.container}`)
        : output;
    const film = await place(temporary, wanted, options.config.gradeForce);
    const { frames, durationMs, notes } = made;
    return { film, kind: format ? 'image' : 'video', frames, durationMs, filmBytes: (await stat(film)).size, notes };
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw toDailiesError(explain(thrown, 'write', dirname(output)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

type Made = Omit<MadeFilm, 'container'> & {
  readonly container: MadeFilm['container'] | null;
  readonly notes: readonly string[];
};

async function gradeStill(
  input: string,
  film: string,
  format: ImageBatch['format'],
  { look }: GradeOptions,
): Promise<Made> {
  const bytes = await readFile(input);
  if (bytes.length === 0) throw new DailiesError('RECORDING_EMPTY', 'The file has zero bytes.');
  await writeFile(film, await gradeImage(bytes, look, { format }), { flag: 'wx' });
  return { container: null, frames: 1, durationMs: 0, notes: [] };
}

async function gradeVideo(input: string, film: string, folder: string, options: GradeOptions): Promise<Made> {
  const { config, tools, signal } = options;
  const source = await readSource(tools, input, config, signal);
  const slots = await createSlotPool({
    slots: config.workerSlots,
    tools,
    timeoutMs: config.batchTimeoutMs,
    temporary: folder,
  });
  try {
    const splitting = { batchSeconds: config.batchSeconds, timeoutMs: config.splitTimeoutMs, signal };
    const gradeCut = async (cut: 'copy' | 'rekey') => {
      const split = await prepareSplit(tools, source, splitting, cut);
      return { split, batches: await gradeBatches(split, slots, folder, options) };
    };
    // As in the pipeline: packets that promise other frames than they decode to are cut again by decoding.
    const { split, batches } = await gradeCut('copy').catch((error: unknown) => {
      if (error instanceof DailiesError && error.code === 'FRAMES_MISMATCH') return gradeCut('rekey');
      throw error;
    });
    const made = await makeFilm(tools, {
      recording: input,
      batches,
      timeBase: split.timeBase,
      limits: config,
      film,
      timeoutMs: ASSEMBLE_TIMEOUT_MS ?? 0,
      signal,
    });
    return { ...made, notes: split.notes };
  } finally {
    await slots.close();
  }
}

/** Cuts and grades all batches, a few at once, and keeps them on disk: memory does not grow with the recording. */
async function gradeBatches(
  split: PreparedSplit,
  slots: SlotPool,
  folder: string,
  options: GradeOptions,
): Promise<StoredBatch[]> {
  const stored: StoredBatch[] = [];
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const inHand = new Set<Promise<void>>();
  let problem: unknown = null;
  let frames = 0;
  const grade = async (batch: CutBatch): Promise<void> => {
    const bytes = await slots.grade(manifestOf(batch, split, options), batch.payload, signal);
    const file = join(folder, `${split.cut}-${batch.index}.batch`);
    await writeFile(file, bytes);
    stored.push({ index: batch.index, pts: batch.pts, endPts: batch.endPts, read: () => readFile(file) });
    frames += batch.pts.length;
    options.onProgress({ frames, totalFrames: split.frames, durationMs: split.durationMs });
  };
  options.onProgress({ frames, totalFrames: split.frames, durationMs: split.durationMs });
  const total = await split
    .run({
      wants: () => true,
      async batch(batch) {
        // One more than there are slots: the next batch is at hand when a slot becomes free.
        while (inHand.size > slots.slots) await Promise.race(inHand);
        if (problem) throw problem;
        const work = grade(batch).catch((error: unknown) => {
          problem ??= error;
          failed.abort();
        });
        inHand.add(work);
        void work.then(() => inHand.delete(work));
      },
    })
    .catch((error: unknown) => {
      // Aborting the split is only what followed.
      throw problem ?? error;
    })
    .finally(() => Promise.all(inHand));
  if (problem) throw problem;
  if (stored.length !== total.batches)
    throw new DailiesError('INTERNAL', `${stored.length} of ${total.batches} batches were graded.`);
  return stored.sort((a, b) => a.index - b.index);
}

function manifestOf(batch: CutBatch, split: PreparedSplit, { look, config }: GradeOptions): VideoBatch {
  return {
    v: 1,
    type: 'video-batch',
    // There is one recording here; its id stays in this process.
    recordingId: '0'.repeat(16),
    run: 0,
    cut: split.cut,
    index: batch.index,
    timeBase: split.timeBase,
    ptsDeltas: toDeltas(batch.pts),
    endPts: batch.endPts,
    basePts: batch.basePts,
    picture: split.picture,
    look,
    encode: { preset: config.preset, crf: config.crf, lossless: config.lossless },
    sha256: sha256(batch.payload),
  };
}

/** Gives the film its name. Without `force` nothing is ever replaced, not even what appeared meanwhile. */
async function place(temporary: string, wanted: string, force: boolean): Promise<string> {
  if (!force) return publishNew(temporary, wanted, sha256(Buffer.from(basename(temporary))).slice(0, 16));
  await rename(temporary, wanted);
  return wanted;
}
