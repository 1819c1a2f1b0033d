import type { Dirent } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DailiesError, type ErrorCode, type Kind } from '@dailies/contracts';
import { errnoOf, explain, quote } from './access.ts';
import { contains, realOf } from './inside.ts';
import { FINALIZED_MARKER, foreignMedia, kindOf, METADATA_FILE } from './kinds.ts';
import type { FileState } from './ready.ts';

/** A file that may be a recording: regular, of a known extension, not being written under a temporary name. */
export interface Candidate extends FileState {
  /** Relative to the recordings folder, `/` separated. */
  readonly path: string;
  /** Absolute. */
  readonly file: string;
  readonly kind: Kind;
  /** Modification times of metadata.json and of the finalize marker in the same folder; null when there is none. */
  readonly metadataMtimeMs: number | null;
  readonly markerMtimeMs: number | null;
}

/** An entry that cannot be processed as it is, and why. */
export interface Finding {
  readonly path: string;
  readonly kind: Kind;
  /** PERMISSION_DENIED is about a folder; the others about the entry itself. */
  readonly code: Extract<ErrorCode, 'RECORDING_SYMLINK' | 'RECORDING_UNREADABLE' | 'PERMISSION_DENIED'>;
  readonly reason: string;
  /** Names this finding: a link that is pointed elsewhere is another one. */
  readonly mark: string;
}

export interface ScanRules {
  /** Absolute and real. */
  readonly root: string;
  /** Absolute paths of folders that are not looked into. */
  readonly own: ReadonlySet<string>;
  /** Told of files that are passed over; `isMedia` when somebody may expect a film of it. */
  readonly onIgnored?: (path: string, why: string, isMedia: boolean) => void;
}

export type ScanEntry =
  | { readonly type: 'candidate'; readonly candidate: Candidate }
  | { readonly type: 'finding'; readonly finding: Finding };

/**
 * Everything below the root that is a recording by its name: first what is wrong, then the candidates, oldest first.
 * Folders and files that vanish meanwhile are passed over.
 * @throws ENOENT as it is when the root is missing; DailiesError PERMISSION_DENIED when it cannot be read
 */
export async function* scan(rules: ScanRules): AsyncGenerator<ScanEntry, void, undefined> {
  const candidates: Candidate[] = [];
  for await (const entry of walk(rules, '')) {
    if (entry.type === 'finding') yield entry;
    else candidates.push(entry.candidate);
  }
  candidates.sort((a, b) => a.mtimeMs - b.mtimeMs || (a.path < b.path ? -1 : 1));
  for (const candidate of candidates) yield { type: 'candidate', candidate };
}

/**
 * One file, by the same rules as `scan`, or null when the scan would not give it (or it is gone).
 * @throws DailiesError PERMISSION_DENIED
 */
export async function candidateAt(rules: ScanRules, path: string): Promise<Candidate | null> {
  const file = join(rules.root, path);
  const kind = kindOf(basename(path));
  if (!kind || !contains(rules.root, file) || path.split('/').some((part) => part.startsWith('.'))) return null;
  for (let folder = dirname(file); folder !== rules.root; folder = dirname(folder))
    if (rules.own.has(folder)) return null;
  try {
    // What is reached through a linked folder is found at its real place.
    if ((await realpath(dirname(file))) !== dirname(file)) return null;
    return await candidateOf(path, file, kind, await sidecarTimes(dirname(file)));
  } catch (error) {
    if (isGone(error)) return null;
    throw explain(error, 'read', dirname(file));
  }
}

async function* walk(rules: ScanRules, folder: string): AsyncGenerator<ScanEntry, void, undefined> {
  const absolute = join(rules.root, folder);
  let entries: Dirent<Buffer>[];
  try {
    entries = await readdir(absolute, { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    if (folder === '') throw explain(error, 'read', absolute);
    if (isGone(error)) return;
    const problem = explain(error, 'read', absolute);
    if (!(problem instanceof DailiesError) || problem.code !== 'PERMISSION_DENIED') throw problem;
    yield {
      type: 'finding',
      finding: { path: folder, kind: 'video', code: problem.code, reason: problem.message, mark: 'folder' },
    };
    return;
  }
  const names = new Set(entries.map((entry) => entry.name.toString('utf8')));
  const sidecars = names.has(METADATA_FILE) || names.has(FINALIZED_MARKER) ? await sidecarTimes(absolute) : NO_SIDECARS;
  const folders: string[] = [];
  for (const entry of entries) {
    const name = entry.name.toString('utf8');
    const path = folder === '' ? name : `${folder}/${name}`;
    if (entry.isDirectory()) {
      if (!name.startsWith('.') && !rules.own.has(join(absolute, name))) folders.push(path);
      continue;
    }
    const found = await look(rules, entry, path, sidecars);
    if (found) yield found;
  }
  for (const below of folders.sort()) yield* walk(rules, below);
}

async function look(
  rules: ScanRules,
  entry: Dirent<Buffer>,
  path: string,
  sidecars: Sidecars,
): Promise<ScanEntry | null> {
  const file = join(rules.root, path);
  const name = basename(path);
  if (entry.isSymbolicLink()) return symlink(rules, path);
  const kind = kindOf(name);
  if (!kind || !entry.isFile()) {
    const foreign = entry.isFile() ? foreignMedia(name) : null;
    if (name !== METADATA_FILE && !name.startsWith('.'))
      rules.onIgnored?.(path, foreign ?? (kind ? 'no regular file' : 'no extension of a recording'), foreign !== null);
    return null;
  }
  // Names are bytes; what is no UTF-8 cannot travel in a message, nor be opened by the name that we would make of it.
  if (!Buffer.from(name, 'utf8').equals(entry.name)) {
    const reason = `The name of ${quote(path)} is not valid UTF-8. Rename the file.`;
    return {
      type: 'finding',
      finding: { path, kind, code: 'RECORDING_UNREADABLE', reason, mark: entry.name.toString('hex') },
    };
  }
  try {
    const candidate = await candidateOf(path, file, kind, sidecars);
    return candidate && { type: 'candidate', candidate };
  } catch (error) {
    if (isGone(error)) return null;
    // A folder that may be listed but not entered (r without x).
    const problem = explain(error, 'read', dirname(file));
    if (!(problem instanceof DailiesError) || problem.code !== 'PERMISSION_DENIED') throw problem;
    return {
      type: 'finding',
      finding: { path: dirname(path), kind, code: problem.code, reason: problem.message, mark: 'folder' },
    };
  }
}

/** A link inside the tree is passed over, because its target is found by itself; one that leads out is reported. */
async function symlink(rules: ScanRules, path: string): Promise<ScanEntry | null> {
  const file = join(rules.root, path);
  let mark: string;
  try {
    const target = await realOf(file);
    // Our own folders may be links to another disk.
    if (rules.own.has(file) || rules.own.has(target)) return null;
    if (contains(rules.root, target)) {
      rules.onIgnored?.(path, 'a link to another place of this folder', false);
      return null;
    }
    const isFolder = (await stat(target).catch(() => null))?.isDirectory() === true;
    if (basename(path).startsWith('.') || (!isFolder && !kindOf(basename(path)))) return null;
    mark = `link to ${target}`;
  } catch (error) {
    if (isGone(error)) return null;
    // It goes round in circles, or through folders that we may not enter.
    if (!kindOf(basename(path))) return null;
    mark = error instanceof DailiesError ? error.message : errnoOf(error);
  }
  const reason = `${quote(path)} is a symbolic link that leaves the recordings folder; it is not followed. Put the file itself into the folder.`;
  return {
    type: 'finding',
    finding: { path, kind: kindOf(basename(path)) ?? 'video', code: 'RECORDING_SYMLINK', reason, mark },
  };
}

type Sidecars = Pick<Candidate, 'metadataMtimeMs' | 'markerMtimeMs'>;
const NO_SIDECARS: Sidecars = { metadataMtimeMs: null, markerMtimeMs: null };

async function sidecarTimes(folder: string): Promise<Sidecars> {
  const mtime = async (name: string): Promise<number | null> =>
    (await lstat(join(folder, name)).catch(() => null))?.mtimeMs ?? null;
  return { metadataMtimeMs: await mtime(METADATA_FILE), markerMtimeMs: await mtime(FINALIZED_MARKER) };
}

async function candidateOf(path: string, file: string, kind: Kind, sidecars: Sidecars): Promise<Candidate | null> {
  const found = await lstat(file);
  if (!found.isFile()) return null;
  const { size, mtimeMs, ctimeMs, ino } = found;
  return { path, file, kind, sizeBytes: size, mtimeMs, ctimeMs, ino, ...sidecars };
}

function isGone(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 'ENOENT' || errno === 'ENOTDIR';
}
