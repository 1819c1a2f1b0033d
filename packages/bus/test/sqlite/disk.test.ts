import assert from 'node:assert/strict';
import { existsSync, statfsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { BASE, GROUP, Happenings, message, TIMEOUT } from '../../src/conformance/harness.ts';
import { openSqliteBus } from '../../src/index.ts';
import { temporaryFolder } from '../helpers/sqlite.ts';

const MIB = 1024 * 1024;

/** Memory where there is enough: what is tested is the size of the files, not the speed of a disk. */
function parentFolder(): string {
  const memory = '/dev/shm';
  if (!existsSync(memory)) return tmpdir();
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize > 256 * MIB ? memory : tmpdir();
}

test('a thousand records of 1 MiB pass through a file of a few', TIMEOUT, async (t) => {
  const path = join(temporaryFolder(t, parentFolder()), 'bus.sqlite');
  const bus = openSqliteBus({ path, topics: { work: { groups: [GROUP], keep: 'until-acknowledged' } } });
  t.after(() => bus.close());
  const value = new Uint8Array(MIB).fill(7);
  const handled = new Happenings<string>();
  let largest = 0;
  await bus.consume({
    ...BASE,
    concurrency: 4,
    topic: 'work',
    group: GROUP,
    async handler({ key }) {
      handled.add(key);
      const sizes = [path, `${path}-wal`].map((file) => statSync(file).size);
      largest = Math.max(largest, sizes[0] ?? 0, sizes[1] ?? 0);
    },
  });
  for (let sent = 0; sent < 1000; sent += 8) {
    await bus.publish(Array.from({ length: 8 }, (_, index) => message('work', `key ${sent + index}`, value)));
    await handled.first(sent + 8);
  }
  assert.ok(largest < 80 * MIB, `grew to ${largest} bytes`);
});
