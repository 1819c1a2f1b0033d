import type { HostState, WorkerState } from '@dailies/contracts';
import { safeText } from '@dailies/service';
import { count } from './figures.ts';

/** What makes room for a meeting, a line for each host: `2 workers slowed: a meeting is being recorded on meet-1 since …`. */
export function courtesyLines(recording: readonly HostState[], slowed: readonly WorkerState[]): string[] {
  return recording.map(({ host, since }) => {
    const workers = slowed.filter((worker) => worker.host === host);
    const of = (pace: WorkerState['pace'], what: string): string[] => {
      const n = workers.filter((worker) => worker.pace === pace).length;
      return n > 0 ? [`${count(n, 'worker')} ${what}`] : [];
    };
    const who = [...of('slow', 'slowed'), ...of('pause', 'paused')].join(', ') || 'no worker slowed';
    return `${who}: a meeting is being recorded on ${safeText(host)} since ${since.slice(0, 16).replace('T', ' ')} UTC`;
  });
}
