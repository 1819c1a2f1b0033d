import { DailiesError, toDailiesError } from '@dailies/contracts';
import { type Finding, type Library, quote } from '@dailies/library';
import type { Logger } from '@dailies/service';
import type { Candidates } from './candidates.ts';
import type { FolderWatch } from './folder-watch.ts';

/** Where to look, collected from file events until the next look. */
export interface Pending {
  readonly files: Set<string>;
  readonly folders: Set<string>;
}

export interface LookingOptions {
  readonly library: Pick<Library, 'recordings' | 'scan' | 'candidate'>;
  readonly folder: Pick<FolderWatch, 'check' | 'polling'>;
  readonly candidates: Candidates;
  readonly log: Logger;
  /** Told of entries that can never be processed. */
  onFinding(finding: Finding): Promise<void>;
}

export interface Looking {
  /** Looks through the whole folder. @returns whether it is there */
  scan(): Promise<boolean>;
  /** Looks at what events told of, and takes it out of `pending`. */
  follow(pending: Pending): Promise<void>;
  /** What stands in the way now, by path ('' is the recordings folder itself). */
  readonly problems: ReadonlyMap<string, DailiesError>;
  /** Number of scans that have ended. */
  readonly scans: number;
  readonly isScanning: boolean;
}

/** Keeps the candidates in line with the folder. Not to be called while another call runs. */
export function createLooking({ library, folder, candidates, log, onFinding }: LookingOptions): Looking {
  const problems = new Map<string, DailiesError>();
  const ignored = new Set<string>();
  /** Media that the current scan has seen and that are ignored: they are told of once while they are there. */
  let passedOver = new Set<string>();
  let scans = 0;
  let isScanning = false;

  function report(path: string, error: DailiesError): void {
    if (problems.get(path)?.message !== error.message) log.error({ code: error.code }, error.message);
    problems.set(path, error);
  }

  function tellIgnored(path: string, why: string, isMedia: boolean): void {
    if (isMedia) passedOver.add(path);
    if (ignored.has(path)) return;
    ignored.add(path);
    if (isMedia) log.warn({ path, why }, 'a file is ignored; it stays where it is');
    else log.debug({ path, why }, 'passed over');
  }

  /** Adds what is there to `paths` and what could not be read to `closed`. */
  async function walk(paths: Set<string>, closed: Set<string>): Promise<void> {
    // Files that were there before us tell by their times how long they have been quiet; later ones we watch ourselves.
    const trustTimes = scans === 0 && !(await folder.polling());
    for await (const entry of library.scan({ onIgnored: tellIgnored })) {
      if (entry.type === 'candidate') {
        paths.add(entry.candidate.path);
        candidates.see(entry.candidate, trustTimes);
      } else if (entry.finding.code === 'PERMISSION_DENIED') {
        closed.add(entry.finding.path);
        report(entry.finding.path, new DailiesError('PERMISSION_DENIED', entry.finding.reason));
      } else {
        await onFinding(entry.finding);
      }
    }
  }

  async function scanAll(): Promise<boolean> {
    const paths = new Set<string>();
    const closed = new Set<string>();
    passedOver = new Set();
    let present = (await folder.check()) === 'present';
    try {
      if (present) await walk(paths, closed);
    } catch (thrown) {
      // It was taken away, or its rights were, between two calls.
      present = !(thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT');
      const error = toDailiesError(thrown);
      if (present && error.code !== 'PERMISSION_DENIED') throw error;
      closed.add('');
      if (present) report('', error);
    }
    if (!present) {
      closed.add('');
      const message = `The recordings folder ${quote(library.recordings)} is not there; work goes on when it is back.`;
      report('', new DailiesError('RECORDING_GONE', message));
    }
    for (const path of problems.keys()) {
      if (closed.has(path)) continue;
      problems.delete(path);
      log.info({ path: path || library.recordings }, 'the folder can be read again');
    }
    candidates.keepOnly(paths);
    if (ignored.size > MAX_IGNORED) {
      ignored.clear();
      for (const path of passedOver) ignored.add(path);
    }
    return present;
  }

  return {
    problems,
    get scans() {
      return scans;
    },
    get isScanning() {
      return isScanning;
    },
    async scan() {
      isScanning = true;
      try {
        return await scanAll();
      } finally {
        isScanning = false;
        scans += 1;
      }
    },
    async follow(pending) {
      const files = new Set(pending.files);
      for (const { candidate } of candidates.all()) {
        if (pending.folders.has(folderOf(candidate.path))) files.add(candidate.path);
      }
      pending.files.clear();
      pending.folders.clear();
      for (const path of files) {
        const candidate = await library.candidate(path);
        if (candidate) candidates.see(candidate, false);
        else candidates.forget(path);
      }
    },
  };
}

/** Names that were told of are remembered up to here; then all but media are told again. */
const MAX_IGNORED = 10_000;

function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}
