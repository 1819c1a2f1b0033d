import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { applyEvent, type DailiesEvent, decodeEvent, type RecordingsView } from '@dailies/contracts';
import { fingerprint } from '@dailies/library';
import { createLogger } from '@dailies/service';
import { createRetention, type RetentionOptions } from '../../src/index.ts';
import { temporaryFolder } from '../notify/helpers.ts';

/** A finished recording on disk, with a service that looks at it at once and again. */
async function started(t: TestContext, config: RetentionOptions['config']) {
  const root = temporaryFolder(t);
  const library = { processed: join(root, 'processed'), archived: join(root, 'archived') };
  for (const folder of Object.values(library)) mkdirSync(folder);
  const original = join(library.archived, 'r.mp4');
  writeFileSync(original, 'original');
  writeFileSync(join(library.processed, 'r.mp4'), 'film');
  const base = { v: 1, recordingId: '0123456789abcdef', run: 0, at: '2026-01-01T00:00:00.000Z' } as const;
  const file = { path: 'r.mp4', kind: 'video', sizeBytes: 8, fingerprint: await fingerprint(original) } as const;
  const view: RecordingsView = new Map();
  applyEvent(view, { ...base, ...file, type: 'found' });
  const film = { film: 'r.mp4', archived: 'r.mp4', frames: 1, durationMs: 1, filmBytes: 4 };
  applyEvent(view, { ...base, ...film, type: 'finished' });
  const told: DailiesEvent[] = [];
  const lines: string[] = [];
  const said = Promise.withResolvers<void>();
  const write = (line: string): void => {
    lines.push(line);
    said.resolve();
  };
  const retention = createRetention({
    bus: {
      async publish(messages) {
        for (const { topic, value } of messages) told.push(decodeEvent({ topic, headers: {}, value }));
        for (const event of told) applyEvent(view, event);
      },
    },
    library,
    view: { all: () => [...view.values()] },
    log: createLogger({ level: 'info', format: 'json', preferText: false, color: false, write }),
    config,
    firstMs: 1,
    everyMs: 1,
  });
  t.after(() => retention.stop({ drainMs: 0 }));
  await retention.start();
  return { original, told, lines, said: said.promise, retention };
}

test('by rule an original goes by itself, once', async (t) => {
  const { original, told, lines, said, retention } = await started(t, { retentionDays: 1 });
  await said;
  await retention.stop({ drainMs: 0 });
  assert.equal(existsSync(original), false);
  assert.deepEqual(
    told.map(({ type }) => type),
    ['archive-removed'],
  );
  assert.match(lines.join(''), /archived original deleted/);
});

test('too little space, and nothing that may go: a warning', async (t) => {
  const { lines, said, retention } = await started(t, {
    retentionDays: 36_500,
    retentionMinFreeBytes: Number.MAX_SAFE_INTEGER,
  });
  await said;
  await retention.stop({ drainMs: 0 });
  assert.match(lines.join(''), /less free space than RETENTION_MIN_FREE_BYTES/);
});

test('without a rule it never looks', async (t) => {
  const { original, retention } = await started(t, {});
  await new Promise((resolve) => setImmediate(resolve));
  await retention.stop({ drainMs: 0 });
  assert.equal(existsSync(original), true);
});
