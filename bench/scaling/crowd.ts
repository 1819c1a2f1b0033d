/**
 * A process with some workers that only wait: each is a client of its own, with the adapter, topic and group of the real
 * ones, and takes one batch at a time. Told by its parent when one is to come or to go.
 */
import { type Bus, type Consumer, openBus } from '@dailies/bus';
import { GROUPS, TOPICS } from '@dailies/contracts';
import type { CrowdOrder, CrowdReport } from './reports.ts';
import { busSettings } from './settings.ts';

interface Worker {
  readonly bus: Bus;
  readonly consumer: Consumer;
}

const [address = '', waitMs = ''] = process.argv.slice(2);
const workers = new Map<number, Worker>();
const report = (what: CrowdReport): void => void process.send?.(what);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function come(worker: number): Promise<void> {
  const bus = await openBus(busSettings(address), { clientId: `waiting-${worker}` });
  const consumer = await bus.consume({
    topic: TOPICS.frameBatches,
    group: GROUPS.worker,
    concurrency: 1,
    attempts: 4,
    backoff: { initialMs: 500, maxMs: 30_000, factor: 2 },
    async handler({ key, value }) {
      report({ type: 'took', worker, at: Date.now(), bytes: value.byteLength });
      await sleep(Number(waitMs));
      report({ type: 'done', worker, at: Date.now(), key });
      return [{ topic: TOPICS.graded, key: key.split(':', 1)[0] ?? key, value }];
    },
  });
  workers.set(worker, { bus, consumer });
}

async function go(worker: number): Promise<void> {
  const leaving = workers.get(worker);
  workers.delete(worker);
  await leaving?.consumer.stop({ drainMs: 30_000 });
  await leaving?.bus.close();
}

process.on('message', ({ type, worker }: CrowdOrder) => {
  const done = type === 'come' ? come(worker) : go(worker);
  done.then(
    () => report({ type: 'obeyed', worker, at: Date.now() }),
    (error: unknown) => report({ type: 'failed', worker, at: Date.now(), reason: String(error) }),
  );
});
// Without its parent it has nobody to wait for.
process.on('disconnect', () => process.exit(0));
