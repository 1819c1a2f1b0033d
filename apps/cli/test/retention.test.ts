import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DAILIES_TOPICS, openSqliteBus } from '@dailies/bus';
import { encodeEvent } from '@dailies/contracts';
import { fingerprint } from '@dailies/library';
import { replay } from '../src/commands/replay.ts';
import { retention } from '../src/commands/retention.ts';
import { status } from '../src/commands/status.ts';
import { program } from '../src/program.ts';
import { eventsOf, fakeContext, temporaryFolder } from './helpers.ts';

/** Two finished recordings on disk; the film of the second one is gone. */
async function folderOf(t: TestContext): Promise<string> {
  const folder = temporaryFolder(t);
  const bus = openSqliteBus({ path: join(folder, '.dailies', 'bus.sqlite'), topics: DAILIES_TOPICS });
  for (const name of ['processed', 'archived']) mkdirSync(join(folder, name));
  for (const n of [1, 2]) {
    const original = join(folder, 'archived', `r${n}.mp4`);
    writeFileSync(original, 'original');
    if (n === 1) writeFileSync(join(folder, 'processed', 'r1.mp4'), 'film');
    const { found, finished } = eventsOf(n);
    await bus.publish(
      [found({ sizeBytes: 8, fingerprint: await fingerprint(original) }), finished({ filmBytes: 4 })].map(encodeEvent),
    );
  }
  await bus.close();
  return folder;
}

async function run(...argv: string[]) {
  const { context, stdout, stderr } = fakeContext();
  const later = { ...context, now: () => Date.parse('2026-09-01T00:00:00.000Z') };
  const code = await program([retention, status, replay], later, argv);
  return { code, out: stdout.text(), err: stderr.text() };
}

test('a dry run tells what would go and why others stay, and changes nothing', async (t) => {
  const folder = await folderOf(t);
  const { code, out } = await run('retention', '--recordings', folder, '--retention-days', '30');
  assert.equal(code, 0);
  assert.equal(
    out,
    `would delete  r1.mp4 (8 bytes, film of 2026-08-01, for age)
kept          r2.mp4: its film is not there any more
Would delete 1 original (8 bytes); 0 more could go later, 1 kept for a reason.
Nothing was changed. \`dailies retention --apply\` deletes them.
`,
  );
  assert.equal(existsSync(join(folder, 'archived/r1.mp4')), true);
});

test('--apply deletes; status shows it, and a replay says that the original is gone', async (t) => {
  const folder = await folderOf(t);
  const { code, out } = await run('retention', '--recordings', folder, '--retention-days', '30', '--apply');
  assert.equal(code, 0);
  assert.match(out, /^deleted {7}r1\.mp4 \(8 bytes\)\nkept {10}r2\.mp4: .*\nDeleted 1 original/);
  assert.equal(existsSync(join(folder, 'archived/r1.mp4')), false);
  assert.equal(existsSync(join(folder, 'archived/r2.mp4')), true);
  assert.match((await run('status', '--recordings', folder)).out, /original: deleted by retention on 2026-09-01/);
  const [entry] = JSON.parse((await run('status', '--recordings', folder, '--json')).out);
  assert.equal(entry.archiveRemovedAt, '2026-09-01T00:00:00.000Z');
  const again = await run('replay', 'r1.mp4', '--recordings', folder);
  assert.equal(again.code, 1);
  assert.match(again.err, /The original of r1\.mp4 was deleted by retention on 2026-09-01/);
  assert.match(
    (await run('retention', '--recordings', folder, '--retention-days', '30')).out,
    /Would delete 0 originals/,
  );
});

test('without a rule it refuses; without recordings there is nothing to do', async (t) => {
  const folder = await folderOf(t);
  const { code, err } = await run('retention', '--recordings', folder, '--apply');
  assert.equal(code, 1);
  assert.match(err, /no rule .*\n.*--retention-days/);
  const empty = temporaryFolder(t);
  const nothing = await run('retention', '--recordings', empty, '--retention-min-free-bytes', '999999999999999');
  assert.equal(nothing.out, 'Would delete 0 originals (0 bytes); 0 more could go later, 0 kept for a reason.\n');
});
