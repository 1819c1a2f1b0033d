import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import { BASE, GROUP, Happenings, message, setUp, TIMEOUT } from '../../src/conformance/harness.ts';
import type { SqliteBusOptions } from '../../src/index.ts';
import { makeSqliteBus } from '../helpers/sqlite.ts';

const MIB = 1024 * 1024;

test('a thousand records of 1 MiB pass through a file of a few', TIMEOUT, async (t) => {
  const { open, forChild, work } = await setUp(t, makeSqliteBus);
  const bus = await open();
  const { path } = forChild.options as SqliteBusOptions;
  const value = new Uint8Array(MIB).fill(7);
  const handled = new Happenings<string>();
  let largest = 0;
  await bus.consume({
    ...BASE,
    concurrency: 4,
    topic: work,
    group: GROUP,
    async handler({ key }) {
      handled.add(key);
      const sizes = [path, `${path}-wal`].map((file) => statSync(file).size);
      largest = Math.max(largest, sizes[0] ?? 0, sizes[1] ?? 0);
    },
  });
  for (let sent = 0; sent < 1000; sent += 8) {
    await bus.publish(Array.from({ length: 8 }, (_, index) => message(work, `key ${sent + index}`, value)));
    await handled.first(sent + 8);
  }
  assert.ok(largest < 80 * MIB, `grew to ${largest} bytes`);
});
