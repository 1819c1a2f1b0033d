import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cut, DailiesError, RecordingId } from '@dailies/contracts';
import { accessing, errnoOf } from './access.ts';
import { batchFile, withBatchFile } from './batch-file.ts';
import { writeDurable } from './durable.ts';
import { ensureFolder, syncFolder } from './folders.ts';

/** One run of a recording, cut in one way. */
export interface RunKey {
  readonly recordingId: string;
  readonly run: number;
  readonly cut: Cut;
}

/** Graded batches on disk: `<work>/<recordingId>/<run>-<cut>/<index>.batch` (format: batch-file.ts). */
export interface BatchStore {
  /**
   * Durable when it resolves. The first batch of an index stays: all that are graded for it hold the same frames.
   * @returns `duplicate` when there was one
   * @throws DailiesError DISK_FULL, PERMISSION_DENIED
   */
  put(key: RunKey, index: number, manifest: string, payload: Uint8Array): Promise<'stored' | 'duplicate'>;
  /** Indices of the batches that are stored, ascending. */
  list(key: RunKey): Promise<number[]>;
  /** JSON, as it was put. */
  manifest(key: RunKey, index: number): Promise<string>;
  payload(key: RunKey, index: number): Promise<Buffer>;
  /** Removes all that is kept of a recording, of every run. */
  remove(recordingId: string): Promise<void>;
  /** Ids of the recordings of which something is kept. */
  recordings(): Promise<string[]>;
}

/** Small texts (JSON) that belong to a run and go with its batches. */
export interface NoteStore {
  read(key: RunKey, name: string): Promise<string | null>;
  /** Durable when it resolves. */
  write(key: RunKey, name: string, text: string): Promise<void>;
}

export function createBatchStore(work: string): BatchStore {
  const fileOf = (key: RunKey, index: number): string => {
    if (!Number.isSafeInteger(index) || index < 0)
      throw new DailiesError('MESSAGE_INVALID', `${index} is no index of a batch.`);
    return join(folderOfRun(work, key), `${index}.batch`);
  };
  const reading = <T>(key: RunKey, index: number, use: Parameters<typeof withBatchFile<T>>[1]): Promise<T> => {
    const file = fileOf(key, index);
    return accessing('read', file, () => withBatchFile(file, use));
  };
  return {
    async put(key, index, manifest, payload) {
      const file = fileOf(key, index);
      const there = await withBatchFile(file, async () => true).catch((error: unknown) => {
        // A batch that a broken disk has cut off is written anew.
        if (errnoOf(error) === 'ENOENT' || (error instanceof DailiesError && error.code === 'IO_FAILED')) return false;
        throw error;
      });
      if (there) return 'duplicate';
      await ensureFolder(folderOfRun(work, key));
      await writeDurable(file, batchFile(manifest, payload));
      return 'stored';
    },
    async list(key) {
      const names = await namesIn(folderOfRun(work, key));
      return names
        .map((name) => /^(\d+)\.batch$/.exec(name)?.[1])
        .filter((digits) => digits !== undefined)
        .map(Number)
        .sort((a, b) => a - b);
    },
    manifest: (key, index) => reading(key, index, async (batch) => batch.manifest),
    payload: (key, index) => reading(key, index, (batch) => batch.payload()),
    async remove(recordingId) {
      const folder = folderOfRecording(work, recordingId);
      await accessing('write', folder, () => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
      // Not durable is harmless: a batch that comes back is removed again, or is a duplicate.
      await syncFolder(work).catch(() => undefined);
    },
    async recordings() {
      return (await namesIn(work)).filter((name) => RecordingId.safeParse(name).success).sort();
    },
  };
}

export function createNoteStore(work: string): NoteStore {
  const fileOf = (key: RunKey, name: string): string => {
    if (!/^[a-z0-9-]+$/.test(name))
      throw new DailiesError('MESSAGE_INVALID', `${JSON.stringify(name)} is no name of a note.`);
    return join(folderOfRun(work, key), `${name}.json`);
  };
  return {
    read: (key, name) =>
      readFile(fileOf(key, name), 'utf8').catch((error: unknown) => {
        if (errnoOf(error) === 'ENOENT') return null;
        throw error;
      }),
    async write(key, name, text) {
      const file = fileOf(key, name);
      await ensureFolder(folderOfRun(work, key));
      await writeDurable(file, Buffer.from(text, 'utf8'));
    },
  };
}

/** Ids come from messages: nothing else than an id may become a name. */
function folderOfRecording(work: string, recordingId: string): string {
  if (!RecordingId.safeParse(recordingId).success)
    throw new DailiesError('MESSAGE_INVALID', `${JSON.stringify(recordingId)} is no recording id.`);
  return join(work, recordingId);
}

function folderOfRun(work: string, { recordingId, run, cut }: RunKey): string {
  if (!Number.isSafeInteger(run) || run < 0 || (cut !== 'copy' && cut !== 'rekey')) {
    throw new DailiesError('MESSAGE_INVALID', `${run}-${cut} is no run.`);
  }
  return join(folderOfRecording(work, recordingId), `${run}-${cut}`);
}

async function namesIn(folder: string): Promise<string[]> {
  return accessing('read', folder, () =>
    readdir(folder).catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return [];
      throw error;
    }),
  );
}
