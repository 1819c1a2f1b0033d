import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fixture } from '../fixtures/make.ts';
import { makeRoom } from '../helpers/dailies.ts';
import { assertExact } from '../helpers/judge.ts';
import { ended, follow, SERVICES, startService, workRemoved } from '../helpers/services.ts';

/** The services as processes of their own, on one embedded bus: what docs/life-of-a-recording.md promises holds there too. */

/** What a service tells once it fits, or at last: each follows the events by itself, and may learn of an end later than we do. */
async function metricsWith(url: string, wanted: RegExp): Promise<string> {
  const deadline = performance.now() + 120_000;
  for (;;) {
    const metrics = await (await fetch(url)).text();
    if (wanted.test(metrics) || performance.now() > deadline) return metrics;
    await sleep(50);
  }
}

test('the four services, each in a process of its own, make the film, and a signal ends each with exit code 0', {
  timeout: 600_000,
}, async (t) => {
  const room = await makeRoom(t);
  const file = await fixture('cfr30-gop60');
  await room.put(file, 'meeting/a.mp4');
  const env = { RECORDINGS_DIR: room.folder, HTTP_PORT: '0' };
  const services = SERVICES.map((name) => startService(t, name, env));
  const [row] = await ended(await follow(t, { busPath: join(room.folder, '.dailies', 'bus.sqlite') }), [
    'meeting/a.mp4',
  ]);
  assert.equal(row?.state, 'finished', JSON.stringify(row));
  await workRemoved(room);
  for (const service of services) {
    await service.said('at work');
    const { address } = await service.said('tells how it is at /metrics, /healthz and /readyz');
    const ready = await fetch(`${address}/readyz`);
    assert.equal(ready.status, 200, `${service.name}: ${await ready.text()}`);
    const wanted =
      service.name === 'filter-worker'
        ? /^dailies_frames_graded_total 600$/m
        : /^dailies_recordings\{state="finished"\} 1$/m;
    const metrics = await metricsWith(`${address}/metrics`, wanted);
    assert.match(metrics, wanted);
    assert.match(metrics, new RegExp(`^dailies_build_info\\{service="${service.name}"`, 'm'));
  }
  assert.deepEqual(await Promise.all(services.map((service) => service.end())), [0, 0, 0, 0]);
  for (const service of services) await service.said('stopped');
  assert.deepEqual(await room.files('archived'), ['meeting/a.mp4']);
  await assertExact(file, join(room.folder, 'processed', 'meeting', 'a.mp4'));
});

test('a service that cannot start says why and what to do on stderr, and exits with 1', {
  timeout: 300_000,
}, async (t) => {
  const room = await makeRoom(t);
  const busPath = join(room.folder, 'bus.sqlite');
  await writeFile(busPath, 'this is no database');
  for (const name of SERVICES) {
    const service = startService(t, name, { RECORDINGS_DIR: room.folder, BUS_PATH: busPath });
    const code = await new Promise((resolve) => service.child.once('close', resolve));
    assert.equal(code, 1, service.output());
    assert.match(service.output(), new RegExp(`^${name}: BUS_FAILED: .*bus\\.sqlite.*\\n {2}\\S`, 'm'));
  }
});

test('each tells what it is and every setting that it reads, and its version; what it does not know it refuses', async (t) => {
  const room = await makeRoom(t);
  const say = (name: string, argument: string) =>
    promisify(execFile)(
      process.execPath,
      [fileURLToPath(new URL(`../../services/${name}/src/main.ts`, import.meta.url)), argument],
      {
        env: { ...process.env, RECORDINGS_DIR: room.folder },
      },
    ).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, stdout, stderr }),
    );
  for (const name of SERVICES) {
    const help = await say(name, '--help');
    assert.deepEqual([help.code, help.stderr], [0, '']);
    assert.match(
      help.stdout,
      new RegExp(`^${name} \\(Dailies [\\s\\S]*RECORDINGS_DIR[\\s\\S]*KAFKA_BROKERS[\\s\\S]*DRAIN_MS`),
    );
    assert.match((await say(name, '--version')).stdout, /^\d+\.\d+\.\d+\n$/);
    for (const stray of ['--nope', 'start']) {
      const refused = await say(name, stray);
      assert.deepEqual([refused.code, refused.stdout], [1, '']);
      assert.match(refused.stderr, new RegExp(`^${name}: CONFIG_INVALID: There is no .*${stray}.*\\n {2}--help`));
    }
  }
  assert.deepEqual(await room.files('.'), []);
});

test('npm start -w services/NAME starts each of them', { timeout: 300_000 }, async (t) => {
  const room = await makeRoom(t);
  const root = fileURLToPath(new URL('../..', import.meta.url));
  for (const name of SERVICES) {
    const env = { ...process.env, RECORDINGS_DIR: room.folder, DRAIN_MS: 'soon' };
    const failed = await promisify(execFile)('npm', ['start', '-w', `services/${name}`], { cwd: root, env }).catch(
      (error: { code: number; stderr: string }) => error,
    );
    assert.equal('code' in failed && failed.code, 1);
    assert.match(failed.stderr, new RegExp(`^${name}: CONFIG_INVALID: DRAIN_MS is "soon"`, 'm'));
  }
});
