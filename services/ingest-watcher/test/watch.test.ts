import assert from 'node:assert/strict';
import { mkdir, rename, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { FINALIZED_MARKER, METADATA_FILE } from '@dailies/library';
import { openWatch } from '../src/watch.ts';
import { put, temporaryFolder } from './helpers.ts';

for (const polling of [false, true]) {
  test(`tells where to look (${polling ? 'polling' : 'file events'})`, { timeout: 120_000 }, async (t) => {
    const base = await temporaryFolder(t);
    const root = join(base, 'r');
    await mkdir(join(root, 'work'), { recursive: true });
    await mkdir(join(root, 's'));
    const seen = new Set<string>();
    let arrived = Promise.withResolvers<void>();
    const tell = (what: string): void => {
      seen.add(what);
      arrived.resolve();
    };
    const told = async (what: string): Promise<void> => {
      while (!seen.has(what)) {
        await arrived.promise;
        arrived = Promise.withResolvers();
      }
      seen.delete(what);
    };
    const close = openWatch(
      { root, polling, intervalMs: 20, isOwn: (file) => file.startsWith(join(root, 'work')) },
      {
        file: (path) => tell(`file ${path}`),
        folder: (path) => tell(`folder ${path}`),
        scan: () => tell('scan'),
        problem: (error) => tell(String(error)),
      },
    );
    t.after(close);
    await told('scan');
    await put(join(root, 's/new.mp4'), 'x');
    await told('file s/new.mp4');
    await put(join(root, 's', METADATA_FILE), '{}');
    await told('folder s');
    await put(join(root, 's', FINALIZED_MARKER), '');
    await told('folder s');
    await put(join(root, 's/up.mp4.part'), 'x');
    await rename(join(root, 's/up.mp4.part'), join(root, 's/-up.mp4'));
    await told('file s/-up.mp4');
    await unlink(join(root, 's/new.mp4'));
    await told('file s/new.mp4');
    // Made elsewhere and moved in: between a new folder and the watch on it, events are lost.
    await put(join(base, 'deep/er/two\nlines.webm'), 'x');
    await rename(join(base, 'deep'), join(root, 'deep'));
    await told('file deep/er/two\nlines.webm');
    await rm(join(root, 'deep'), { recursive: true });
    await told('scan');
    await put(join(root, 'work/own.mp4'), 'x');
    await put(join(root, '.hidden/a.mp4'), 'x');
    await put(join(root, 's/notes.txt'), 'x');
    await put(join(root, 'last.mp4'), 'x');
    await told('file last.mp4');
    assert.deepEqual(
      [...seen].filter((what) => /own|hidden|notes|part/.test(what)),
      [],
    );
  });
}
