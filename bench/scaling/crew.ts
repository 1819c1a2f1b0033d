import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CrowdReport } from './reports.ts';

/** Waiting workers, spread over a few processes. */
export interface Crew {
  /** All that they have reported, oldest first. */
  readonly reports: readonly CrowdReport[];
  readonly size: number;
  /** One more comes. Resolves when it has joined, with its number and the moment at which it was asked for. */
  come(): Promise<{ readonly worker: number; readonly askedAt: number }>;
  /** The newest goes, after it has finished its batch. @returns the moment at which it was asked to */
  go(): Promise<number>;
  /** Resolves when a report fits. @throws Error after `limitMs` */
  until(fits: (report: CrowdReport) => boolean, limitMs?: number): Promise<CrowdReport>;
  close(): void;
}

const LIMIT_MS = 60_000;

export function openCrew(address: string, waitMs: number, processes: number): Crew {
  const reports: CrowdReport[] = [];
  const listeners = new Set<(report: CrowdReport) => void>();
  const crowds: ChildProcess[] = Array.from({ length: processes }, () => {
    const child = fork(fileURLToPath(new URL('./crowd.ts', import.meta.url)), [address, String(waitMs)]);
    child.on('message', (report) => {
      reports.push(report as CrowdReport);
      for (const listener of [...listeners]) listener(report as CrowdReport);
    });
    return child;
  });
  let size = 0;

  const until: Crew['until'] = (fits, limitMs = LIMIT_MS) =>
    new Promise((resolve, reject) => {
      const over = (settle: () => void): void => {
        clearTimeout(timer);
        listeners.delete(listener);
        settle();
      };
      const timer = setTimeout(() => over(() => reject(new Error(`nothing came for ${limitMs} ms`))), limitMs);
      const listener = (report: CrowdReport): void => {
        if (report.type === 'failed') over(() => reject(new Error(`worker ${report.worker}: ${report.reason}`)));
        else if (fits(report)) over(() => resolve(report));
      };
      listeners.add(listener);
    });
  const order = async (type: 'come' | 'go', worker: number): Promise<number> => {
    const askedAt = Date.now();
    const obeyed = until((report) => report.type === 'obeyed' && report.worker === worker);
    crowds[worker % processes]?.send({ type, worker });
    await obeyed;
    return askedAt;
  };

  return {
    reports,
    get size() {
      return size;
    },
    async come() {
      const worker = size++;
      return { worker, askedAt: await order('come', worker) };
    },
    go: () => order('go', --size),
    until,
    close() {
      for (const crowd of crowds) crowd.kill('SIGKILL');
    },
  };
}
