import { stat } from 'node:fs/promises';
import { toDailiesError } from '@dailies/contracts';
import { type Library, quote, remoteFileSystem } from '@dailies/library';
import type { Logger } from '@dailies/service';
import { type Hints, openWatch } from './watch.ts';

export interface FolderWatch {
  /**
   * Looks whether the recordings folder is there, and whether it is the one that is watched: one that was removed and
   * made again, or mounted over, is watched anew.
   */
  check(): Promise<'present' | 'missing'>;
  /** True when the folder is asked for changes, as on network file systems, whose times come from another clock. */
  polling(): Promise<boolean>;
  close(): Promise<void>;
}

export interface FolderWatchOptions {
  readonly library: Pick<Library, 'recordings' | 'isOwn'>;
  /** `auto`, `on` or `off`. */
  readonly watchPolling: string;
  /** How often files are asked when polling. */
  readonly intervalMs: number;
  readonly log: Logger;
}

export function createFolderWatch(
  { library, watchPolling, intervalMs, log }: FolderWatchOptions,
  hints: Omit<Hints, 'problem'>,
): FolderWatch {
  const root = library.recordings;
  let close: (() => Promise<void>) | null = null;
  let watched = '';
  let warned = false;

  async function polling(): Promise<boolean> {
    if (watchPolling !== 'auto') return watchPolling === 'on';
    return (await remoteFileSystem(root)) !== null;
  }

  async function end(): Promise<void> {
    const closing = close?.();
    close = null;
    watched = '';
    await closing;
  }

  /** Events are a convenience: without them the scans find everything, only later. */
  function problem(error: unknown): void {
    if (warned) return;
    warned = true;
    const { message, cause } = toDailiesError(error);
    const exhausted = cause instanceof Error && 'code' in cause && (cause.code === 'ENOSPC' || cause.code === 'EMFILE');
    const remedy = exhausted
      ? ' Raise it: sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=1024'
      : '';
    log.warn(
      { reason: message },
      `file events do not work for all of ${quote(root)}; it is still scanned regularly.${remedy}`,
    );
  }

  return {
    polling,
    async check() {
      const found = await stat(root).catch(() => null);
      if (!found?.isDirectory()) {
        await end();
        return 'missing';
      }
      // Inode numbers are used again at once; the time of birth tells one folder from the next.
      const identity = `${found.dev}:${found.ino}:${found.birthtimeMs}`;
      if (identity === watched) return 'present';
      await end();
      const usePolling = await polling();
      watched = identity;
      close = openWatch(
        { root, polling: usePolling, intervalMs, isOwn: (file) => library.isOwn(file) },
        {
          ...hints,
          problem,
        },
      );
      log.info({ folder: root, events: usePolling ? 'polling' : 'native' }, 'watching for recordings');
      return 'present';
    },
    close: end,
  };
}
