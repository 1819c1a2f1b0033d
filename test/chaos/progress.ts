import type { DailiesEvent } from '@dailies/contracts';
import type { RecordingsReader } from '@dailies/service';
import type { Awaited } from './faults.ts';

/** What the events tell, as the harness needs it. */
export interface Progress {
  /** Different batches that were sent, and stored, of all recordings. */
  readonly sent: ReadonlySet<string>;
  readonly stored: ReadonlySet<string>;
  /** Batches that were stored again: not graded again, but delivered twice. */
  readonly storedAgain: number;
  readonly events: number;
  /**
   * Resolves after so many events of a type.
   * @throws Error when no event at all comes for `patienceMs`: nothing moves any more
   */
  after(event: Awaited, count: number, patienceMs: number): Promise<void>;
  close(): void;
}

export function watchProgress(view: RecordingsReader): Progress {
  const sent = new Set<string>();
  const stored = new Set<string>();
  let storedAgain = 0;
  let events = 0;
  const listeners = new Set<(event: DailiesEvent) => void>();
  const unfollow = view.onEvent((event) => {
    events++;
    if (event.type === 'batch-sent') sent.add(`${event.recordingId}:${event.index}`);
    if (event.type === 'batch-stored') {
      const batch = `${event.recordingId}:${event.index}`;
      if (stored.has(batch)) storedAgain++;
      stored.add(batch);
    }
    for (const listener of [...listeners]) listener(event);
  });
  return {
    sent,
    stored,
    get storedAgain() {
      return storedAgain;
    },
    get events() {
      return events;
    },
    after(type, count, patienceMs) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      let left = count;
      const stalled = (): void =>
        reject(new Error(`no event came for ${patienceMs / 1000} s although there is work: the pipeline stands still`));
      let timer = setTimeout(stalled, patienceMs);
      const listener = (event: DailiesEvent): void => {
        clearTimeout(timer);
        timer = setTimeout(stalled, patienceMs);
        if (type !== 'any' && event.type !== type) return;
        left -= 1;
        if (left <= 0) resolve();
      };
      listeners.add(listener);
      return promise.finally(() => {
        clearTimeout(timer);
        listeners.delete(listener);
      });
    },
    close: unfollow,
  };
}
