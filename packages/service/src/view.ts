import {
  applyEvent,
  DailiesError,
  type DailiesEvent,
  decodeEvent,
  type RawRecord,
  type RecordingsView,
  TOPICS,
  toDailiesError,
} from '@dailies/contracts';
import type { Logger } from 'pino';
import type { RecordingsReader } from './types.ts';

/** What is needed of the bus: reading a topic from its beginning. `Bus` of @dailies/bus fits. */
export interface EventSource {
  tail(
    topic: string,
    onRecord: (record: RawRecord & { readonly partition: number; readonly offset: string }) => void,
    options?: { readonly follow?: boolean },
  ): Promise<{ close(): Promise<void> }>;
}

/**
 * Builds the state of all recordings from the events on the bus, and keeps it up to date. It has caught up with what was
 * there at the call when it resolves. An event that cannot be read is logged with its place, and skipped.
 * @param options follow: whether to go on after that; true when left out
 */
export async function followRecordings(
  bus: EventSource,
  log: Logger,
  options: { follow?: boolean } = {},
): Promise<RecordingsReader> {
  const view: RecordingsView = new Map();
  const newestOfPath = new Map<string, string>();
  const listeners = new Set<Parameters<RecordingsReader['onEvent']>[0]>();
  let closed = false;
  let next = Promise.withResolvers<void>();

  const tail = await bus.tail(
    TOPICS.events,
    (record) => {
      let event: DailiesEvent;
      try {
        event = decodeEvent(record);
      } catch (error) {
        const { partition, offset } = record;
        log.error(
          { topic: record.topic, partition, offset, err: toDailiesError(error) },
          'an event cannot be read and is skipped',
        );
        return;
      }
      const status = applyEvent(view, event);
      if (event.type === 'found' || event.type === 'quarantined') newestOfPath.set(event.path, event.recordingId);
      const arrived = next;
      next = Promise.withResolvers();
      for (const listener of [...listeners]) {
        try {
          listener(event, status);
        } catch (error) {
          // A reader that fails must not keep the others from reading.
          log.error({ err: toDailiesError(error) }, 'a reader of events failed');
        }
      }
      arrived.resolve();
    },
    { follow: options.follow ?? true },
  );

  return {
    get: (recordingId) => view.get(recordingId),
    all: () => [...view.values()],
    byPath: (path) => view.get(newestOfPath.get(path) ?? ''),
    // Whoever waits in a loop would spin for ever if this resolved at once.
    changed: () =>
      closed ? Promise.reject(new DailiesError('ABORTED', 'The view of the recordings is closed.')) : next.promise,
    onEvent(callback) {
      listeners.add(callback);
      return () => listeners.delete(callback);
    },
    async close() {
      await tail.close();
      closed = true;
      listeners.clear();
      next.resolve();
    },
  };
}
