import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DailiesError } from '@dailies/contracts';
import { whyAbsent } from './absent.ts';
import { accessing, quote } from './access.ts';
import { createPartStore, type PartStore } from './batch-parts.ts';
import { type BatchStore, createBatchStore, createNoteStore, type NoteStore } from './batch-store.ts';
import { createFilmStore, type FilmStore } from './films.ts';
import { type Description, describe } from './fingerprint.ts';
import { ensureFolder } from './folders.ts';
import { contains, inside, realFolder } from './inside.ts';
import { type Candidate, candidateAt, type ScanEntry, type ScanRules, scan } from './scan.ts';

export interface LibraryFolders {
  readonly recordings: string;
  /** Default: `<recordings>/processed`, and so on. */
  readonly processed?: string;
  readonly archived?: string;
  readonly work?: string;
}

/** The folders on disk. All four paths are absolute, and real: no symbolic links in them. */
export interface Library {
  readonly recordings: string;
  readonly processed: string;
  readonly archived: string;
  readonly work: string;
  readonly batches: BatchStore;
  readonly notes: NoteStore;
  readonly parts: PartStore;
  readonly films: FilmStore;
  /**
   * Creates the folders that are missing and checks that all can be written.
   * @returns sentences for the log: which were created
   * @throws DailiesError PERMISSION_DENIED that names the folder, the user and the command that mends it
   */
  ensure(): Promise<string[]>;
  /**
   * Checks that all folders are there and can be written; or that recordings can be read, which is all that cutting needs.
   * @throws DailiesError IO_FAILED, PERMISSION_DENIED
   */
  check(forWhat: 'reading' | 'writing'): Promise<void>;
  /** See `whyAbsent`. */
  absent(): Promise<DailiesError | null>;
  /** Absolute path of a recording (which may be gone). @throws DailiesError when it would leave the recordings folder */
  inside(path: string): Promise<string>;
  /** See `scan`. */
  scan(options?: Pick<ScanRules, 'onIgnored'>): AsyncGenerator<ScanEntry, void, undefined>;
  /** See `candidateAt`. */
  candidate(path: string): Promise<Candidate | null>;
  /** Whether an absolute path lies in one of our own folders below the recordings folder. */
  isOwn(file: string): boolean;
  /** See `describe`. */
  describe(file: string): Promise<Description>;
}

/**
 * Nothing is touched before `ensure`.
 * @throws DailiesError CONFIG_INVALID when folders are the same, or films and originals would arrive as recordings
 */
export function openLibrary(folders: LibraryFolders): Library {
  const recordings = realFolder(folders.recordings);
  const place = (given: string | undefined, name: string): string => realFolder(given ?? join(recordings, name));
  const paths = {
    recordings,
    processed: place(folders.processed, 'processed'),
    archived: place(folders.archived, 'archived'),
    work: place(folders.work, 'work'),
  };
  refuseMixUps(paths);
  // The default names stay out of bounds when others are configured: films of yesterday must not be graded again.
  const own = new Set([
    paths.processed,
    paths.archived,
    paths.work,
    join(recordings, 'processed'),
    join(recordings, 'archived'),
  ]);
  const mayBeEmpty = ![paths.processed, paths.archived, paths.work].some((folder) => contains(recordings, folder));
  const rules: ScanRules = { root: recordings, own };
  return {
    ...paths,
    films: createFilmStore(paths),
    notes: createNoteStore(paths.work),
    parts: createPartStore(paths.work),
    batches: createBatchStore(paths.work),
    ensure: () => ensureAll(paths),
    check: (forWhat) => (forWhat === 'writing' ? checkAll(paths) : checkAll({ recordings }, constants.R_OK)),
    absent: () => whyAbsent(recordings, mayBeEmpty),
    inside: (path) => inside(recordings, path),
    scan: (options) => scan({ ...rules, ...options }),
    candidate: (path) => candidateAt(rules, path),
    isOwn: (file) => [...own].some((folder) => contains(folder, file)),
    describe,
  };
}

type Paths = Pick<Library, 'recordings' | 'processed' | 'archived' | 'work'>;

function refuseMixUps(paths: Paths): void {
  const named = Object.entries(paths);
  for (const [name, path] of named) {
    const twin = named.find(([other, same]) => other !== name && same === path);
    if (twin)
      throw new DailiesError(
        'CONFIG_INVALID',
        `The folders ${name} and ${twin[0]} are the same: ${quote(path)}. Give each its own.`,
      );
    if (name !== 'recordings' && contains(path, paths.recordings)) {
      throw new DailiesError(
        'CONFIG_INVALID',
        `The recordings folder ${quote(paths.recordings)} lies inside the ${name} folder ${quote(path)}: what arrives there would be taken for a recording. Choose another folder.`,
      );
    }
  }
}

async function ensureAll(paths: Paths): Promise<string[]> {
  const notes: string[] = [];
  for (const [name, path] of Object.entries(paths)) {
    const present = await stat(path).catch(() => null);
    if (present && !present.isDirectory())
      throw new DailiesError('CONFIG_INVALID', `${quote(path)}, the ${name} folder, is no folder.`);
    if (await ensureFolder(path)) notes.push(`created the ${name} folder ${quote(path)}`);
    await requireAccess(path, WRITING);
  }
  return notes;
}

async function checkAll(paths: Partial<Paths>, mode = WRITING): Promise<void> {
  for (const [name, path] of Object.entries(paths)) {
    const present = await stat(path).catch(() => null);
    if (!present?.isDirectory()) throw new DailiesError('IO_FAILED', `The ${name} folder ${quote(path)} is not there.`);
    await requireAccess(path, mode);
  }
}

const WRITING = constants.R_OK | constants.W_OK;

function requireAccess(path: string, mode: number): Promise<void> {
  const what = mode & constants.W_OK ? 'write' : 'read';
  return accessing(what, path, () => access(path, mode | constants.X_OK));
}
