import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Service, together } from '../src/index.ts';

/** Services that note what happens to them; those named in `failing` fail to stop. */
function noted(failing: readonly string[] = []) {
  const did: string[] = [];
  const service = (name: string): Service => ({
    name,
    start: async () => void did.push(`start ${name}`),
    async stop({ drainMs }) {
      did.push(`stop ${name} ${drainMs > 0}`);
      if (failing.includes(name)) throw new Error(name);
    },
  });
  return { did, service };
}

test('started in order, stopped in reverse', async () => {
  const { did, service } = noted();
  const both = together('both', [service('a'), service('b')]);
  await both.start();
  await both.stop({ drainMs: 60_000 });
  assert.deepEqual(did, ['start a', 'start b', 'stop b true', 'stop a true']);
});

test('one that fails to stop keeps no other from it, and is told', async () => {
  const { did, service } = noted(['b']);
  await assert.rejects(together('both', [service('a'), service('b')]).stop({ drainMs: 0 }), /b/);
  assert.deepEqual(did, ['stop b false', 'stop a false']);
});
