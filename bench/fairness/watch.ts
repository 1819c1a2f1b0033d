import type { RecordingsReader } from '@dailies/service';

/** What is seen of the flow of batches while recordings compete. */
export interface Flow {
  /** Most bytes that were under way at once (sent and not stored), of all recordings. */
  readonly mostBytes: number;
  /** Most of one recording. */
  readonly mostBatches: number;
  /** The largest batch. */
  readonly largestBytes: number;
  /** Recordings that had batches under way at once, at most. */
  readonly mostRecordings: number;
  /** Resolves when all batches of a recording are stored, with the moment (`performance.now()`). */
  stored(path: string): Promise<number>;
  /** Resolves when so many of its batches are stored. */
  begun(path: string, batches: number): Promise<void>;
}

export function watchFlow(view: RecordingsReader): Flow {
  const underWay = new Map<string, Map<number, number>>();
  const storedBatches = new Map<string, Set<number>>();
  let [mostBytes, mostBatches, largestBytes, mostRecordings] = [0, 0, 0, 0];
  view.onEvent((event) => {
    const own = underWay.get(event.recordingId) ?? new Map<number, number>();
    underWay.set(event.recordingId, own);
    if (event.type === 'batch-sent') own.set(event.index, event.bytes);
    else if (event.type === 'batch-stored') {
      own.delete(event.index);
      const all = storedBatches.get(event.recordingId) ?? new Set();
      storedBatches.set(event.recordingId, all.add(event.index));
    } else return;
    if (event.type === 'batch-sent') largestBytes = Math.max(largestBytes, event.bytes);
    const busy = [...underWay.values()].filter(({ size }) => size > 0);
    mostRecordings = Math.max(mostRecordings, busy.length);
    mostBatches = Math.max(mostBatches, ...busy.map(({ size }) => size));
    mostBytes = Math.max(
      mostBytes,
      busy.flatMap((batches) => [...batches.values()]).reduce((sum, bytes) => sum + bytes, 0),
    );
  });
  const countOf = (path: string): number => storedBatches.get(view.byPath(path)?.recordingId ?? '')?.size ?? 0;
  const when = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await view.changed();
  };
  return {
    get mostBytes() {
      return mostBytes;
    },
    get mostBatches() {
      return mostBatches;
    },
    get largestBytes() {
      return largestBytes;
    },
    get mostRecordings() {
      return mostRecordings;
    },
    async stored(path) {
      await when(() => {
        const batches = view.byPath(path)?.batches ?? null;
        return batches !== null && countOf(path) >= batches;
      });
      return performance.now();
    },
    begun: (path, batches) => when(() => countOf(path) >= batches),
  };
}
