import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { MakeBus } from '../../src/conformance.ts';
import { type Bus, openSqliteBus, type SqliteBusOptions } from '../../src/index.ts';

/** Times short enough for tests; a heartbeat may be late by a multiple of its period, for test machines are busy. */
export const QUICK = { pollMs: 10, heartbeatMs: 50, expiryMs: 1500, abortGraceMs: 100 };

/** A folder that is removed when the test ends. */
export function temporaryFolder(t: TestContext, parent = tmpdir()): string {
  const folder = mkdtempSync(join(parent, 'dailies-bus-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** For a child process; see src/conformance/child.ts. */
export async function openBus(options: SqliteBusOptions): Promise<Bus> {
  return openSqliteBus(options);
}

/** Makes buses in temporary files. */
export const sqliteBusWith =
  (times: typeof QUICK): MakeBus =>
  async (t, topics) => {
    const opened: Bus[] = [];
    t.after(() => Promise.all(opened.map((bus) => bus.close())));
    const options = { path: join(temporaryFolder(t), 'bus.sqlite'), topics, ...times };
    return {
      expiryMs: times.expiryMs,
      forChild: { module: import.meta.url, options },
      async open() {
        const bus = openSqliteBus(options);
        opened.push(bus);
        return bus;
      },
    };
  };

export const makeSqliteBus = sqliteBusWith(QUICK);
