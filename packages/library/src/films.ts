import { lstat } from 'node:fs/promises';
import { dirname, relative, sep } from 'node:path';
import { DailiesError, RecordingId } from '@dailies/contracts';
import { discardTemporaries } from './durable.ts';
import { ensureFolder } from './folders.ts';
import { inside } from './inside.ts';
import { findNumbered, moveOriginal } from './move.ts';
import { numbered, temporaryIn } from './names.ts';
import { publishNew } from './publish.ts';
import { moveSidecars } from './sidecars.ts';

/** Films and originals under their final names. Paths that go in and out are relative, `/` separated. */
export interface FilmStore {
  /**
   * Absolute path for a film that is being made, on the disk of the processed folder. What an earlier try of this
   * recording left is removed.
   */
  temporary(recordingId: string): Promise<string>;
  /**
   * Publishes a temporary film under `wanted`, or as `wanted (2)` … when another file has that name. A film of the same
   * bytes that is there already is the same film.
   * @returns the path that is used, relative to the processed folder
   * @throws DailiesError DISK_FULL, PERMISSION_DENIED
   */
  publish(recordingId: string, temporary: string, wanted: string): Promise<string>;
  /**
   * Moves an original (absolute path) under `wanted`; see `moveOriginal`.
   * @returns the path that is used, relative to the archived folder
   */
  archive(from: string, wanted: string, fingerprint: string): Promise<string>;
  /** Takes metadata.json and the marker along, see `moveSidecars`. */
  sidecars(recording: string, film: string): Promise<void>;
  /**
   * The film of this content that was published under `wanted`, `wanted (2)` …, relative to the processed folder; null
   * when there is none. What a crash left beside it is removed.
   */
  find(recordingId: string, wanted: string, fingerprint: string): Promise<string | null>;
  /** The original of this content that was archived under `wanted`, `wanted (2)` …; null when there is none. */
  findOriginal(wanted: string, fingerprint: string): Promise<string | null>;
  /** The films that are there under `wanted`, `wanted (2)` …, in this order, relative to the processed folder. */
  list(wanted: string): Promise<{ readonly film: string; readonly sizeBytes: number }[]>;
  /** Removes temporaries of a recording. */
  discard(recordingId: string): Promise<void>;
}

export function createFilmStore(folders: { recordings: string; processed: string; archived: string }): FilmStore {
  const slashed = (root: string, file: string): string => relative(root, file).split(sep).join('/');
  return {
    async temporary(recordingId) {
      checkId(recordingId);
      await ensureFolder(folders.processed);
      await discardTemporaries(folders.processed, recordingId);
      return temporaryIn(folders.processed, recordingId);
    },
    async publish(recordingId, temporary, wanted) {
      checkId(recordingId);
      const target = await inside(folders.processed, wanted);
      // A sub-folder of processed/ may be on another disk: what a crash left of a copy is there.
      if (dirname(target) !== folders.processed) await discardTemporaries(dirname(target), recordingId);
      return slashed(folders.processed, await publishNew(temporary, target, recordingId));
    },
    async archive(from, wanted, fingerprint) {
      const target = await inside(folders.archived, wanted);
      return slashed(folders.archived, await moveOriginal(from, target, fingerprint));
    },
    sidecars: (recording, film) => moveSidecars(folders, recording, film),
    async find(recordingId, wanted, fingerprint) {
      checkId(recordingId);
      const found = await findNumbered(await inside(folders.processed, wanted), fingerprint);
      if (found) await discardTemporaries(dirname(found), recordingId);
      return found && slashed(folders.processed, found);
    },
    async findOriginal(wanted, fingerprint) {
      const found = await findNumbered(await inside(folders.archived, wanted), fingerprint);
      return found && slashed(folders.archived, found);
    },
    async list(wanted) {
      const target = await inside(folders.processed, wanted);
      const films: { film: string; sizeBytes: number }[] = [];
      for (let n = 1; ; n++) {
        const name = numbered(target, n);
        const stat = await lstat(name).catch(() => null);
        if (!stat) return films;
        if (stat.isFile()) films.push({ film: slashed(folders.processed, name), sizeBytes: stat.size });
      }
    },
    async discard(recordingId) {
      checkId(recordingId);
      await discardTemporaries(folders.processed, recordingId);
    },
  };
}

function checkId(recordingId: string): void {
  if (!RecordingId.safeParse(recordingId).success)
    throw new DailiesError('MESSAGE_INVALID', `${JSON.stringify(recordingId)} is no recording id.`);
}
