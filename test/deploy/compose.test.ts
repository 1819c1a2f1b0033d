import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { docker, noDocker } from '../e2e/docker.ts';
import { mustRun, runProgram } from '../helpers/builds.ts';

const DEPLOY = fileURLToPath(new URL('../../deploy', import.meta.url));
const COMPOSE = join(DEPLOY, 'docker-compose.yml');

interface Service {
  readonly image: string;
  readonly pull_policy?: string;
  readonly restart?: string;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: string[];
  readonly security_opt?: string[];
  readonly healthcheck?: object;
  readonly mem_limit?: string;
  readonly logging?: { readonly options?: Record<string, string> };
  readonly ports?: { readonly host_ip?: string }[];
  readonly depends_on?: object;
}

test('every container is confined, bounded, watched and restarted', { skip: (await noDocker()) ?? false }, async () => {
  const told = await docker(['compose', '-f', COMPOSE, '--profile', '*', 'config', '--format', 'json']);
  const { services } = JSON.parse(told) as { services: Record<string, Service> };
  const ends = new Set(['prepare', 'cli']);
  for (const [name, service] of Object.entries(services)) {
    assert.deepEqual(service.cap_drop, ['ALL'], name);
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
    assert.ok(service.logging?.options?.['max-size'], name);
    for (const port of service.ports ?? []) assert.equal(port.host_ip, '127.0.0.1', `${name} is open to the world`);
    if (!service.image.startsWith('dailies')) assert.match(service.image, /:v?\d+\.\d+\.\d+$/, `${name} is not pinned`);
    else assert.deepEqual([service.read_only, service.pull_policy], [true, 'never'], name);
    if (ends.has(name)) continue;
    assert.equal(service.restart, 'unless-stopped', name);
    assert.ok(service.healthcheck, name);
    assert.ok(service.mem_limit, name);
  }
});

test('the doctor can be asked where nothing else runs', { skip: (await noDocker()) ?? false }, async () => {
  const secured = ['-f', COMPOSE, '-f', join(DEPLOY, 'kafka/secured/services.yml')];
  for (const files of [['-f', COMPOSE], secured]) {
    const told = await docker(['compose', ...files, '--profile', '*', 'config', '--format', 'json']);
    const { services } = JSON.parse(told) as { services: Record<string, Service> };
    assert.equal(services.cli?.depends_on, undefined);
    assert.ok(services.assembler?.depends_on);
  }
});

test('.env.example lists what the compose file reads', async () => {
  const used = new Set([...(await readFile(COMPOSE, 'utf8')).matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name));
  const listed = [...(await readFile(join(DEPLOY, '.env.example'), 'utf8')).matchAll(/^#?([A-Z_]+)=/gm)].map(
    ([, name]) => name,
  );
  for (const name of listed) assert.ok(used.has(name), `${name} is not read by the compose file`);
  // The image's name is for tests; a heap is for those who know why.
  const rest = [...used].filter(
    (name) => !listed.includes(name) && !['DAILIES_IMAGE', 'KAFKA_HEAP_OPTS'].includes(name ?? ''),
  );
  assert.deepEqual(rest, []);
});

test('shell scripts can be run, and are understood by the plainest shell that they name', async () => {
  const found: string[] = [];
  for (const entry of await readdir(DEPLOY, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (!entry.isFile()) continue;
    const [, shell] = /^#!\/bin\/(sh|bash)\n/.exec(await readFile(file, 'utf8')) ?? [];
    if (!shell) continue;
    assert.ok((await stat(file)).mode & 0o111, `${file} cannot be run`);
    await mustRun(shell === 'sh' ? 'dash' : 'bash', ['-n', file]);
    found.push(entry.name);
  }
  for (const name of [
    'entry',
    'prepare',
    'healthy',
    'answers',
    'finalize',
    'make-passwords',
    'make-certificates',
    'make-users',
  ])
    assert.ok(found.includes(name), name);
});

test('the health check believes a 200 only, and shows the answer otherwise', async (t) => {
  let status = 200;
  const server = createServer((_request, response) =>
    response.writeHead(status).end('{"ready":false,"problems":["bus"]}'),
  );
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const healthy = (at: number) => runProgram('env', [`HTTP_PORT=${at}`, join(DEPLOY, 'images/healthy')]);
  assert.equal((await healthy(port)).code, 0);
  status = 503;
  const sick = await healthy(port);
  assert.equal(sick.code, 1);
  assert.match(sick.stdout.toString('utf8'), /503[\s\S]*problems/);
  assert.notEqual((await healthy(1)).code, 0);
});
