import { setImmediate as turn } from 'node:timers/promises';
import { DailiesError, toDailiesError } from '@dailies/contracts';
import type { BusRecord, Tail, TailOptions } from '../port.ts';
import type { Store } from './store.ts';

export interface TailPorts {
  readonly store: Store;
  onChange(callback: () => void): () => void;
  report(error: DailiesError): void;
  /** The tails that are open; this one is among them until it is closed. */
  readonly open: Set<Tail>;
}

/** Records that are read before other work gets its turn. */
const PAGE = 200;

/** Reads a topic from its beginning; see `Bus.tail`. Holds one record at a time, for dead letters may be large. */
export async function startTail(
  topic: string,
  onRecord: (record: BusRecord) => void,
  options: TailOptions,
  ports: TailPorts,
): Promise<Tail> {
  const { store } = ports;
  let last = 0;
  let closed = false;
  let reading = false;
  let again = false;

  const deliver = (id: number): void => {
    const found = store.read(id, 1);
    last = id;
    if (!found) return;
    if (found.intact) onRecord(found.record);
    else
      ports.report(
        new DailiesError(
          'BUS_FAILED',
          `Record ${id} of ${topic} is damaged and was left out; the file of the bus is not what was written.`,
        ),
      );
  };
  /** Reads all that is there. `guard` runs each delivery. */
  const readAll = async (guard: (work: () => void) => void): Promise<void> => {
    for (;;) {
      const ids = store.idsAfter(topic, last, PAGE);
      for (const id of ids) if (!closed) guard(() => deliver(id));
      if (closed || ids.length < PAGE) return;
      await turn();
    }
  };
  const reported = (work: () => void): void => {
    try {
      work();
    } catch (thrown) {
      ports.report(toDailiesError(thrown));
    }
  };
  const follow = async (): Promise<void> => {
    again = true;
    if (reading) return;
    reading = true;
    try {
      while (again && !closed) {
        again = false;
        await readAll(reported);
      }
    } catch (thrown) {
      ports.report(toDailiesError(thrown));
    } finally {
      reading = false;
    }
  };

  let unsubscribe = (): void => {};
  const close = (): void => {
    if (closed) return;
    closed = true;
    unsubscribe();
    options.signal?.removeEventListener('abort', close);
    ports.open.delete(tail);
  };
  const tail: Tail = { close: async () => close() };

  options.signal?.throwIfAborted();
  ports.open.add(tail);
  options.signal?.addEventListener('abort', close);
  try {
    await readAll((work) => work());
  } catch (error) {
    close();
    throw error;
  }
  if (options.follow && !closed) {
    unsubscribe = ports.onChange(() => void follow());
    await follow(); // what arrived since, without anybody telling us
  }
  return tail;
}
