import assert from 'node:assert/strict';
import { chmod, copyFile, mkdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FINALIZED_MARKER as MARKER } from '@dailies/library';
import { docker, noDocker } from '../e2e/docker.ts';
import { mustRun, runProgram } from '../helpers/builds.ts';
import { temporaryFolder } from '../helpers/temporary.ts';

const at = (path: string): string => fileURLToPath(new URL(`../../deploy/${path}`, import.meta.url));
const FINALIZE = at('jitsi/finalize');

/** Jibri's image runs scripts with dash; others link sh to bash. */
for (const shell of ['dash', 'bash']) {
  // No program can be found: what runs is the shell alone, so it is quick and needs nothing of Jibri's image.
  const finalize = (...args: string[]) =>
    runProgram('env', ['-i', 'PATH=/nowhere', `/bin/${shell}`, FINALIZE, ...args]);

  describe(`the finalize script (${shell})`, () => {
    test('leaves a marker that is newer than the recording, each time', async (t) => {
      const session = join(await temporaryFolder(t), 'a session\n with "odd" $(name)');
      await mkdir(session);
      assert.deepEqual(await finalize(session), { code: 0, stdout: Buffer.alloc(0), stderr: '' });
      const hourAgo = new Date(Date.now() - 3_600_000);
      await utimes(join(session, MARKER), hourAgo, hourAgo);
      await writeFile(join(session, 'second.mp4'), 'recorded again under the same session id');
      await finalize(session);
      const [marker, recording] = await Promise.all([stat(join(session, MARKER)), stat(join(session, 'second.mp4'))]);
      assert.ok(marker.mtimeMs >= recording.mtimeMs);
    });

    test('fails no recording, whatever is wrong, and says what', async (t) => {
      const folder = await temporaryFolder(t);
      for (const args of [[], [''], [join(folder, 'gone')]]) {
        const { code, stderr } = await finalize(...args);
        assert.equal(code, 0);
        assert.match(stderr, /^finalize: call it with the folder of a session/);
      }
      // Root may write everywhere, but not over a folder.
      await mkdir(join(folder, MARKER));
      const { code, stderr } = await finalize(folder);
      assert.equal(code, 0);
      assert.match(stderr, /^finalize: .* cannot be written\n$/);
    });
  });
}

test('make-passwords fills in what is empty and leaves the rest, with the rights of the file', async (t) => {
  const env = join(await temporaryFolder(t), '.env');
  const lines = ['CONFIG=~/.jitsi', '#JVB_AUTH_PASSWORD=', 'JVB_AUTH_PASSWORD=kept \\ $x', 'JIBRI_XMPP_PASSWORD='];
  await writeFile(env, lines.join('\n'));
  await chmod(env, 0o640);
  const told = (await mustRun(at('jitsi/make-passwords'), [env])).toString('utf8');
  const made = (await readFile(env, 'utf8')).split('\n');
  assert.deepEqual(made.slice(0, 3), lines.slice(0, 3));
  assert.match(made[3] ?? '', /^JIBRI_XMPP_PASSWORD=[0-9a-f]{32}$/);
  assert.equal((await stat(env)).mode & 0o777, 0o640);
  assert.equal(told, 'make-passwords: JIBRI_XMPP_PASSWORD\n');
});

/** What counts of jibri.yml in the two layouts of docker-jitsi-meet. */
const LAYOUTS = {
  'up to stable-11031': ['/srv/jitsi/jibri:/config:Z'],
  'rootless, since stable-11146-1': ['/srv/jitsi/jibri:/config:Z', '/srv/jitsi/storage/jibri:/storage:Z'],
};
interface Mount {
  readonly source: string;
  readonly target: string;
  readonly bind?: { readonly selinux?: string };
}
interface Merged {
  readonly services: Readonly<
    Record<string, { volumes?: Mount[]; environment?: Record<string, string>; depends_on?: object; networks?: object }>
  >;
}

const skip = (await noDocker()) ?? false;
for (const [layout, volumes] of Object.entries(LAYOUTS)) {
  test(`the overlay and Jitsi's files make one valid project (${layout})`, { skip }, async (t) => {
    const folder = await temporaryFolder(t);
    const jibri = {
      image: 'ghcr.io/jitsi/jibri:stable',
      volumes,
      environment: ['DISPLAY=:0', 'JIBRI_RECORDING_DIR', 'JIBRI_FINALIZE_RECORDING_SCRIPT_PATH'],
      depends_on: ['jicofo'],
      networks: { 'meet.jitsi': null },
    };
    const jicofo = { image: 'ghcr.io/jitsi/jicofo:stable', networks: { 'meet.jitsi': null } };
    // JSON is YAML.
    await writeFile(
      join(folder, 'docker-compose.yml'),
      JSON.stringify({ services: { jicofo }, networks: { 'meet.jitsi': {} } }),
    );
    await writeFile(join(folder, 'jibri.yml'), JSON.stringify({ services: { jibri } }));
    await copyFile(at('jitsi/dailies.yml'), join(folder, 'dailies.yml'));
    await writeFile(
      join(folder, '.env'),
      `CONFIG=/srv/jitsi\nDAILIES_HOME=${fileURLToPath(new URL('../..', import.meta.url))}\n`,
    );
    const files = ['docker-compose.yml', 'jibri.yml', 'dailies.yml'].flatMap((name) => ['-f', join(folder, name)]);
    const merged: Merged = JSON.parse(
      await docker(['compose', ...files, '--profile', '*', 'config', '--format', 'json']),
    );
    const mounts = (service: string): Map<string, Mount> =>
      new Map(merged.services[service]?.volumes?.map((mount) => [mount.target, mount]));
    const storage = mounts('jibri').get('/storage');
    assert.deepEqual([storage?.source, storage?.bind?.selinux], ['/srv/jitsi/storage/jibri', 'z']);
    assert.equal(merged.services.jibri?.environment?.JIBRI_RECORDING_DIR, '/storage/recordings');
    assert.ok(Object.keys(merged.services.jibri?.depends_on ?? {}).includes('prepare'));
    for (const service of ['prepare', 'ingest-watcher', 'frame-splitter', 'assembler', 'cli']) {
      const recordings = mounts(service).get('/recordings');
      assert.deepEqual(
        [recordings?.source, recordings?.bind?.selinux],
        ['/srv/jitsi/storage/jibri/recordings', 'z'],
        service,
      );
    }
    assert.deepEqual(Object.keys(merged.services.kafka?.networks ?? {}), ['dailies'], 'Jitsi cannot reach Kafka');
    const watcher = merged.services['ingest-watcher'];
    assert.deepEqual(Object.keys(watcher?.networks ?? {}).sort(), ['dailies', 'meet.jitsi'], 'Jibri can tell it');
    assert.equal(watcher?.environment?.COURTESY_PORT, '9465');
    assert.equal(merged.services.jibri?.environment?.JIBRI_WEBHOOK_SUBSCRIBERS, 'http://ingest-watcher:9465');
    const { cli, 'dailies-grafana': grafana } = merged.services;
    assert.equal(
      mounts('cli').get('/jitsi/jibri.yml')?.source,
      join(folder, 'jibri.yml'),
      'the doctor sees the release',
    );
    assert.equal(normalize(mounts('cli').get(cli?.environment?.FINALIZE_SCRIPT ?? '')?.source ?? ''), FINALIZE);
    // Jitsi has services named prometheus and grafana of its own.
    assert.deepEqual(Object.keys(grafana?.depends_on ?? {}), ['dailies-prometheus']);
    assert.deepEqual(merged.services['dailies-prometheus']?.networks, { dailies: { aliases: ['prometheus'] } });
    const host = merged.services['filter-worker']?.environment?.COURTESY_HOST;
    assert.ok(host && host === watcher?.environment?.COURTESY_HOST, 'workers and watcher mean the same machine');
  });
}
