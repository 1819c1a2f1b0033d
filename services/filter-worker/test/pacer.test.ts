import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Consumer } from '@dailies/bus';
import type { Pace } from '@dailies/contracts';
import { createPacer } from '../src/pacer.ts';

const LIMIT = { timeout: 60_000 };

/** Consumers whose start and stop wait for the test. */
function fakeConsumers(options: { failures?: number; stopAfter?: () => Promise<void> } = {}) {
  const did: string[] = [];
  let failures = options.failures ?? 0;
  let next = Promise.withResolvers<void>();
  const note = (what: string): void => {
    did.push(what);
    next.resolve();
    next = Promise.withResolvers();
  };
  const consume = async (pace: Pace): Promise<Consumer> => {
    if (failures-- > 0) {
      note('failed');
      throw new Error('no bus');
    }
    note(`take ${pace}`);
    return {
      inFlight: 0,
      done: Promise.resolve(),
      async stop({ drainMs }) {
        note(`stop ${pace} ${drainMs}`);
        await options.stopAfter?.();
      },
    };
  };
  const pacer = createPacer({
    consume,
    onPace: (pace) => note(`pace ${pace}`),
    drainMs: 1000,
    log: { error: () => {} },
    retryMs: 1,
  });
  return {
    pacer,
    did,
    async until(what: string): Promise<void> {
      while (!did.includes(what)) await next.promise;
    },
  };
}

test('slower, off and back: what is in hand is finished before the pace changes', LIMIT, async () => {
  const { pacer, did, until } = fakeConsumers();
  await pacer.start('full');
  pacer.set('full');
  pacer.set('slow');
  await until('pace slow');
  pacer.set('pause');
  await until('pace pause');
  pacer.set('full');
  await until('stop slow 1000');
  while (did.at(-1) !== 'pace full' || did.length < 8) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(did, [
    'take full',
    'pace full',
    'stop full 1000',
    'take slow',
    'pace slow',
    'stop slow 1000',
    'pace pause',
    'take full',
    'pace full',
  ]);
  await pacer.stop({ drainMs: 5 });
});

test('a meeting that ends while the worker makes room for it', LIMIT, async () => {
  const gate = Promise.withResolvers<void>();
  const { pacer, did, until } = fakeConsumers({ stopAfter: () => gate.promise });
  await pacer.start('full');
  pacer.set('pause');
  await until('stop full 1000');
  pacer.set('full');
  gate.resolve();
  while (did.filter((what) => what === 'take full').length < 2) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(did.includes('pace pause'), false);
  await pacer.stop({ drainMs: 0 });
});

test('a bus that fails is asked again', async () => {
  const { pacer, did } = fakeConsumers();
  await pacer.start('pause');
  assert.deepEqual(did, ['pace pause']);
  await pacer.stop({ drainMs: 0 });
  const failing = fakeConsumers({ failures: 3 });
  await assert.rejects(failing.pacer.start('full'), /no bus/);
  failing.pacer.set('slow');
  await failing.until('pace slow');
  await failing.pacer.stop({ drainMs: 0 });
  assert.equal(failing.did.filter((what) => what === 'failed').length, 3);
});

test('stopping in the middle of a change: the shorter time wins, and nothing is begun any more', async () => {
  const gate = Promise.withResolvers<void>();
  const { pacer, did, until } = fakeConsumers({ stopAfter: () => gate.promise });
  await pacer.start('full');
  pacer.set('slow');
  await until('stop full 1000');
  const stopped = pacer.stop({ drainMs: 7 });
  await until('stop full 7');
  gate.resolve();
  await stopped;
  assert.equal(did.includes('take slow'), false);
});
