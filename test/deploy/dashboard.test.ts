import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { METRICS } from '@dailies/service';

const read = (path: string): Promise<string> =>
  readFile(new URL(`../../deploy/monitoring/${path}`, import.meta.url), 'utf8');

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly datasource: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly {
    readonly refId: string;
    readonly expr: string;
    readonly datasource: { readonly uid: string };
  }[];
}

const { uid, panels } = JSON.parse(await read('dashboards/dailies.json')) as { uid: string; panels: Panel[] };

test('the dashboard asks for metrics and labels that exist', () => {
  const labels = new Map<string, readonly string[]>(Object.values(METRICS).map((spec) => [spec.name, spec.labels]));
  for (const { title, targets } of panels) {
    assert.ok(targets.length > 0, title);
    for (const { expr } of targets) {
      const names = [...expr.matchAll(/\bdailies_\w+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, ''));
      if (names.length === 0) assert.match(expr, /^process_resident_memory_bytes/, title);
      for (const name of names) {
        const known = labels.get(name);
        assert.ok(known, `${title}: there is no metric ${name}`);
        const asked = [...expr.matchAll(/(?:by|without) \(([\w, ]+)\)/g)].flatMap(([, list = '']) => list.split(', '));
        for (const label of asked)
          assert.ok([...known, 'le', 'instance'].includes(label), `${title}: ${name} has no ${label}`);
      }
    }
  }
});

test('its panels are told apart, do not overlap, and ask the provisioned source', async () => {
  assert.equal(uid, 'dailies');
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const source = /^ {4}uid: (\w+)$/m.exec(await read('provisioning/datasources/prometheus.yml'))?.[1];
  const taken = new Set<string>();
  for (const { title, datasource, gridPos, targets } of panels) {
    for (const one of [datasource, ...targets.map((target) => target.datasource)]) assert.equal(one.uid, source, title);
    assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
    assert.ok(gridPos.x + gridPos.w <= 24, title);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.ok(!taken.has(`${x},${y}`), `${title} overlaps`);
        taken.add(`${x},${y}`);
      }
  }
});
