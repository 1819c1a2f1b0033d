import { readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cut, DailiesError, RecordingId } from '@dailies/contracts';
import { accessing, errnoOf, explain } from './access.ts';
import { batchFile, withBatchFile } from './batch-file.ts';
import { writeDurable } from './durable.ts';
import { ensureFolder } from './folders.ts';
import { TEMPORARY_PREFIX } from './kinds.ts';
import { temporaryIn } from './names.ts';

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
  /** Size of the payload. */
  bytes(key: RunKey, index: number): Promise<number>;
  /** Removes what is kept of one run, cut in one way: all of it at one instant, also for a process that dies meanwhile. */
  removeRun(key: RunKey): Promise<void>;
  /** The same for all runs of a recording up to `run`, and that one; later ones stay. Nothing kept is no error. */
  removeUpTo(recordingId: string, run: number): Promise<void>;
  /** Ids of the recordings of which something is kept. Ends removals that a dead process had begun. */
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
    bytes: (key, index) => reading(key, index, async (batch) => batch.payloadBytes),
    async removeRun(key) {
      await removeAtOnce(work, key.recordingId, folderOfRun(work, key));
    },
    async removeUpTo(recordingId, run) {
      const folder = folderOfRecording(work, recordingId);
      for (const name of await namesIn(folder)) {
        if (Number.parseInt(name, 10) <= run) await removeAtOnce(work, recordingId, join(folder, name));
      }
      await rmdir(folder).catch((error: unknown) => {
        if (!STAYS.has(errnoOf(error))) throw explain(error, 'write', work);
      });
    },
    async recordings() {
      const names = await namesIn(work);
      for (const name of names) if (isTemporary(name)) await removeTree(join(work, name));
      return names.filter((name) => RecordingId.safeParse(name).success).sort();
    },
  };
}

/** A later run is kept in it, or it is gone already. */
const STAYS: ReadonlySet<string> = new Set(['ENOTEMPTY', 'EEXIST', 'ENOENT']);

/**
 * Takes a folder out of sight by a rename, then removes it. Files that go one by one could leave the notes of a run
 * without its batches, or the other way round, and whoever comes after a crash would take them for the truth.
 */
async function removeAtOnce(work: string, recordingId: string, folder: string): Promise<void> {
  const aside = temporaryIn(work, recordingId);
  const there = await rename(folder, aside).then(
    () => true,
    (error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return false;
      throw explain(error, 'write', work);
    },
  );
  if (there) await removeTree(aside);
}

async function removeTree(folder: string): Promise<void> {
  await accessing('write', folder, () => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
}

const isTemporary = (name: string): boolean => name.startsWith(TEMPORARY_PREFIX) && name.endsWith('.tmp');

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

export function folderOfRun(work: string, { recordingId, run, cut }: RunKey): string {
  if (!Number.isSafeInteger(run) || run < 0 || (cut !== 'copy' && cut !== 'rekey')) {
    throw new DailiesError('MESSAGE_INVALID', `${run}-${cut} is no run.`);
  }
  return join(folderOfRecording(work, recordingId), `${run}-${cut}`);
}

/** Names in a folder; none when it is not there. */
export async function namesIn(folder: string): Promise<string[]> {
  return accessing('read', folder, () =>
    readdir(folder).catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return [];
      throw error;
    }),
  );
}
