import { setTimeout as sleep } from 'node:timers/promises';
import { type BusLog, openBus } from '@dailies/bus';
import { GROUPS, TOPICS, toDailiesError } from '@dailies/contracts';
import { busFields, libraryFields, loadConfig } from '@dailies/service';

/**
 * Run in a container on the network of a Kafka, on the settings of the environment:  use-kafka.ts open|publish|consume N
 * Publishes N recordings, or consumes recordings until N different ones have come. Says `done`, or the code and the reason.
 * HANDLER_MS is how long each takes. Each time the group gives us all partitions as new ones it says so: the first time, and
 * whenever it had given us up in between.
 * With PATIENT=1 it is as patient as a service: what passes by itself, such as the election of a leader, is waited for.
 */
const [what = '', count = '0'] = process.argv.slice(2);
const wanted = Number(count);
const config = loadConfig([...libraryFields, ...busFields], { env: process.env, argv: [] });
const isPatient = process.env.PATIENT === '1';
/** A consumer that is refused may go on trying. */
const PATIENCE_MS = isPatient ? 240_000 : 60_000;

/** What is in hand when the group gives us up comes again. */
function sayJoin(facts: { partitions?: number; fresh?: number }, text: string): void {
  if (text === 'kafka: joined the group' && facts.fresh && facts.fresh === facts.partitions)
    console.log(`${facts.fresh} partitions, all of them new`);
}
const log: BusLog = { debug: sayJoin, info: () => {}, warn: () => {}, error: () => {} };

async function main(): Promise<string> {
  const refused = Promise.withResolvers<never>();
  refused.promise.catch(() => {});
  const bus = await openBus(config, {
    clientId: 'use-kafka',
    log,
    onError: (error) => (isPatient ? console.log(`${error.code}: ${error.message}`) : refused.reject(error)),
    ...(isPatient ? { waitForBrokerMs: PATIENCE_MS } : {}),
  });
  try {
    if (what === 'publish') {
      const key = (i: number): string => `recording-${i}`;
      const value = Buffer.alloc(100_000, 'x');
      await bus.publish(Array.from({ length: wanted }, (_, i) => ({ topic: TOPICS.recordings, key: key(i), value })));
    }
    if (what === 'consume') {
      const seen = new Set<string>();
      let handled = 0;
      const all = Promise.withResolvers<void>();
      const consumer = await bus.consume({
        topic: TOPICS.recordings,
        group: GROUPS.splitter,
        concurrency: 4,
        attempts: 1,
        backoff: { initialMs: 100, maxMs: 1000, factor: 2 },
        handler: async ({ key }) => {
          await sleep(Number(process.env.HANDLER_MS ?? 0)); // the work itself
          console.log(`${++handled} handled`);
          seen.add(key);
          if (seen.size === wanted) all.resolve();
        },
      });
      const late = sleep(PATIENCE_MS, undefined, { ref: false }).then(() => {
        throw new Error(`only ${seen.size} of ${wanted} came`);
      });
      await Promise.race([all.promise, refused.promise, consumer.done, late]);
      await consumer.stop({ drainMs: 5000 });
      console.log(`${seen.size} came, ${handled - seen.size} of them again`);
    }
    return 'done';
  } finally {
    await bus.close();
  }
}

try {
  console.log(await main());
  process.exit(0);
} catch (thrown) {
  const { code, message } = toDailiesError(thrown);
  console.log(`${code}: ${message}`);
  process.exit(1);
}
