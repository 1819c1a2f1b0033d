/** A consumer in a process of its own, for tests that kill or freeze it; see src/conformance/child.ts. */
import type { ChildOrder, ChildReport } from '../../src/conformance/child.ts';
import type { Bus } from '../../src/port.ts';

const order = JSON.parse(process.argv[2] ?? '') as ChildOrder;
const { openBus } = (await import(order.bus.module)) as { openBus(options: unknown): Promise<Bus> };
const tell = (report: ChildReport): void => void process.send?.(report);
const never = Promise.withResolvers<void>().promise;
let handled = 0;
const gate = Promise.withResolvers<void>();
process.on('message', () => gate.resolve());
process.on('disconnect', () => process.exit());

const bus = await openBus(order.bus.options);
await bus.consume({
  topic: order.topic,
  group: order.group,
  concurrency: order.concurrency,
  attempts: 3,
  backoff: { initialMs: 5, maxMs: 40, factor: 2 },
  async handler({ key, attempt, value }, { signal }) {
    tell({ event: 'handling', key, attempt });
    signal.addEventListener('abort', () => tell({ event: 'aborted', key }));
    if (order.mode === 'hang' || handled++ >= (order.hangAfter ?? Number.POSITIVE_INFINITY)) await never;
    if (order.mode === 'gate') await gate.promise;
    // Told in a later turn, when the answer has been accepted or refused.
    setImmediate(() => setImmediate(() => tell({ event: 'settled', key })));
    return [{ topic: order.answerTo, key, headers: { pid: String(process.pid) }, value }];
  },
});
tell({ event: 'ready' });
