import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DAILIES_TOPICS, openSqliteBus } from '@dailies/bus';
import { encodeHost, type HostState, type Pace } from '@dailies/contracts';
import { createLogger, followHosts } from '@dailies/service';
import { paceMessage, paceNow } from '../src/courtesy.ts';
import { followPace } from '../src/follow-pace.ts';

const T0 = Date.parse('2026-08-01T10:00:00.000Z');
const MINUTE = 60_000;
const log = createLogger({ level: 'silent', format: 'json', preferText: false, color: false, write: () => {} });

const hostState = (state: HostState['state'], expiresMs = T0 + 3 * MINUTE, host = 'meet-1'): HostState => ({
  v: 1,
  type: 'host-state',
  host,
  state,
  since: new Date(T0).toISOString(),
  at: new Date(T0).toISOString(),
  expiresAt: new Date(expiresMs).toISOString(),
});

test('the pace: only for our own host, only while it holds, and as the operator wishes', () => {
  const config = (courtesy: 'slow' | 'pause' | 'off') => ({ courtesy, courtesyHost: 'meet-1' });
  const hosts = { recording: (host: string) => (host === 'meet-1' ? hostState('recording') : null) };
  assert.equal(paceNow(hosts, config('slow'), T0), 'slow');
  assert.equal(paceNow(hosts, config('pause'), T0), 'pause');
  assert.equal(paceNow(hosts, config('off'), T0), 'full');
  assert.equal(paceNow(hosts, { courtesy: 'slow', courtesyHost: 'other' }, T0), 'full');
  assert.equal(paceNow(null, config('slow'), T0), 'full');
});

test('over the bus: a meeting slows the worker, its end or its silence wakes it, and the worker tells its pace', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'dailies-courtesy-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const bus = openSqliteBus({ path: join(folder, 'bus.sqlite'), topics: DAILIES_TOPICS });
  t.after(() => bus.close());
  let nowMs = T0;
  const follower = await followPace({
    bus,
    worker: 'w:1',
    config: { courtesy: 'slow', courtesyHost: 'meet-1' },
    log,
    now: () => nowMs,
    tickMs: 5,
  });
  t.after(() => follower.close());
  let next = Promise.withResolvers<void>();
  let pace: Pace = follower.now();
  follower.begin((now) => {
    if (now === pace) return;
    pace = now;
    follower.tell(now);
    next.resolve();
    next = Promise.withResolvers();
  });
  const became = async (wanted: Pace): Promise<void> => {
    while (pace !== wanted) await next.promise;
  };
  await bus.publish([encodeHost(hostState('recording', T0 + MINUTE, 'elsewhere'))]);
  await bus.publish([encodeHost(hostState('recording'))]);
  await became('slow');
  nowMs += 3 * MINUTE;
  await became('full');
  await bus.publish([encodeHost(hostState('recording', nowMs + MINUTE))]);
  await became('slow');
  await bus.publish([encodeHost(hostState('idle', nowMs))]);
  await became('full');

  await bus.publish([
    encodeHost(hostState('recording', nowMs + MINUTE)),
    paceMessage({ worker: 'w:2', host: 'meet-1', pace: 'pause', sinceMs: nowMs }, nowMs),
  ]);
  const hosts = await followHosts(bus, log, { follow: false });
  assert.deepEqual(
    hosts.allRecording(nowMs).map(({ host }) => host),
    ['meet-1'],
  );
  assert.ok(hosts.slowed(nowMs).some(({ worker, pace: told }) => worker === 'w:2' && told === 'pause'));
  assert.deepEqual(hosts.slowed(nowMs + 10 * MINUTE), [], 'a worker that has died slows nothing');
});

test('a bus that tells nothing of hosts slows nobody down', async () => {
  const follower = await followPace({
    bus: { tail: () => Promise.reject(new Error('no such topic')), publish: async () => {} },
    worker: 'w:1',
    config: { courtesy: 'pause', courtesyHost: 'meet-1' },
    log,
  });
  assert.equal(follower.now(), 'full');
  await follower.close();
});
