import type { TestContext } from 'node:test';
import type { Bus, BusRecord, ConsumeOptions } from '@dailies/bus';
import { createLogger, type Monitor, openMonitor } from '../../src/index.ts';

/** A bus that does nothing by itself: a test hands its records to the handlers. */
export function handBus(over: Partial<Bus> = {}) {
  const consumers: ConsumeOptions[] = [];
  const done = Promise.withResolvers<void>();
  const bus: Bus = {
    publish: async () => {},
    async consume(options) {
      consumers.push(options);
      return { inFlight: 0, done: done.promise, stop: async () => {} };
    },
    tail: async () => ({ close: async () => {} }),
    lag: async () => [{ topic: 'dailies.frame-batches', group: 'filter-worker', waiting: 3, inFlight: 2 }],
    close: async () => {},
    ...over,
  };
  const deliver = async (record: BusRecord, signal = new AbortController().signal) =>
    consumers[0]?.handler(record, { signal });
  return { bus, consumers, done, deliver };
}

export function recordOf(topic: string, key: string, over: Partial<BusRecord> = {}): BusRecord {
  const value = new Uint8Array(10);
  return { topic, key, partition: 0, offset: '0', headers: {}, value, timestampMs: 0, attempt: 1, ...over };
}

/** A monitor on a free port, and how to ask it. */
export async function openTestMonitor(t: TestContext): Promise<{
  monitor: Monitor;
  get: (path: string) => Promise<{ status: number; text: string }>;
  value: (line: string) => Promise<number | null>;
}> {
  const lines: string[] = [];
  const log = createLogger({
    level: 'info',
    format: 'json',
    preferText: false,
    color: false,
    write: (line) => lines.push(line),
  });
  const monitor = await openMonitor({ port: 0, host: '127.0.0.1', service: 'sweeper', version: '1.2.3', log });
  t.after(() => monitor.close());
  const { address } = JSON.parse(lines[0] ?? '{}') as { address: string };
  const get = async (path: string) => {
    const answer = await fetch(`${address}${path}`);
    return { status: answer.status, text: await answer.text() };
  };
  return {
    monitor,
    get,
    /** The value of a series, by its name with labels. */
    async value(series) {
      const { text } = await get('/metrics');
      const line = text.split('\n').find((each) => each.startsWith(`${series} `));
      return line === undefined ? null : Number(line.slice(series.length + 1));
    },
  };
}
