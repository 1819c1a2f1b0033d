import { basename, dirname, relative, sep } from 'node:path';
import { FINALIZED_MARKER, kindOf, METADATA_FILE } from '@dailies/library';
import { watch as chokidar } from 'chokidar';

/**
 * File events, as hints: they say where to look, never what is there. All knowledge comes from looking, so that an event
 * that is late, doubled or lost costs time at most.
 */
export interface Hints {
  /** Something happened to a file that may be a recording. Relative, `/` separated. */
  file(path: string): void;
  /** A sidecar changed, which concerns the recordings of its folder ('' for the root). */
  folder(path: string): void;
  /** Something happened that only a scan can sort out. */
  scan(): void;
  /** Events do not work (any more). */
  problem(error: unknown): void;
}

export interface WatchOptions {
  /** Absolute and real. */
  readonly root: string;
  /** Ask every file for changes instead of waiting for events. */
  readonly polling: boolean;
  /** How often, when polling. */
  readonly intervalMs: number;
  /** Whether an absolute path is in a folder of ours. */
  isOwn(file: string): boolean;
}

/** Watches a folder that exists. Returns how to end it. */
export function openWatch(options: WatchOptions, hints: Hints): () => Promise<void> {
  const { root, polling, intervalMs } = options;
  const watcher = chokidar(root, {
    // What is there already is the scan's.
    ignoreInitial: true,
    followSymlinks: false,
    ignorePermissionErrors: true,
    atomic: false,
    usePolling: polling,
    interval: intervalMs,
    binaryInterval: intervalMs,
    ignored: (path, stats) =>
      path !== root &&
      (options.isOwn(path) ||
        (stats?.isDirectory() === true && basename(path).startsWith('.')) ||
        (stats?.isFile() === true && !isOfInterest(basename(path)))),
  });
  watcher.on('all', (event, path) => {
    if (event === 'addDir') return;
    if (event === 'unlinkDir') return hints.scan();
    const file = relative(root, path).split(sep).join('/');
    if (kindOf(basename(file))) return hints.file(file);
    if (event !== 'unlink') hints.folder(dirname(file) === '.' ? '' : dirname(file));
  });
  // What came while the watches were being set up gave no event.
  watcher.on('ready', () => hints.scan());
  watcher.on('error', (error) => hints.problem(error));
  return () => watcher.close();
}

function isOfInterest(name: string): boolean {
  return kindOf(name) !== null || name === METADATA_FILE || name === FINALIZED_MARKER;
}
