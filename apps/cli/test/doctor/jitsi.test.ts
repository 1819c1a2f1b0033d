import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { finalizeCheck } from '../../src/doctor/finalize.ts';
import { thisHost } from '../../src/doctor/host.ts';
import { parseRelease, releaseFinding } from '../../src/doctor/jibri-release.ts';
import { jibriCheck, layoutAt } from '../../src/doctor/jitsi.ts';
import { parseEnv, readCheckout } from '../../src/doctor/jitsi-checkout.ts';
import { temporaryFolder } from '../helpers.ts';
import { candidate, fakeHost, inputOf, levels } from './input.ts';

test('releases: the one that cannot record, those before and after it, and names that tell nothing', () => {
  const level = (tag: string) => releaseFinding(parseRelease(tag), 'x').level;
  assert.equal(level('stable-11146'), 'fail');
  assert.equal(level('stable-11146-1'), 'ok');
  assert.equal(level('stable-11200'), 'ok');
  assert.equal(level('stable-11031'), 'ok');
  assert.equal(level('stable-9955-2'), 'ok');
  assert.equal(level('unstable'), 'warn');
  assert.equal(level('latest'), 'warn');
});

test('.env as Compose reads it', () => {
  const env = parseEnv('A=1\n#B=2\nexport C="x # y" # z\r\nD=\'q\'\nE=\nF=a # b\n G = ~/cfg \nnonsense\n');
  assert.deepEqual(
    [...env],
    [
      ['A', '1'],
      ['C', 'x # y'],
      ['D', 'q'],
      ['F', 'a'],
      ['G', '~/cfg'],
    ],
  );
});

const NEW =
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose's own syntax
  'services:\n  jibri:\n    image: ${JITSI_IMAGE_REPO:-ghcr.io/jitsi}/jibri:${JITSI_IMAGE_VERSION:-stable-11146-2}\n    volumes:\n      - ${CONFIG}/jibri:/config:Z\n      - ${CONFIG}/storage/jibri:/storage:Z\n';
const OLD =
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose's own syntax
  'services:\n  jibri:\n    image: jitsi/jibri:${JITSI_IMAGE_VERSION:-stable-9955}\n    volumes:\n      - ${CONFIG}/jibri:/config:Z\n';

test('a checkout: the tag is that of .env, else the default; ~ and the container’s paths become the host’s', async () => {
  const of = (compose: string, env: string) =>
    readCheckout('/c', fakeHost({ files: { '/c/jibri.yml': compose, '/c/.env': env } }));
  const script = 'CONFIG=~/cfg\nJIBRI_FINALIZE_RECORDING_SCRIPT_PATH=/config/finalize.sh\n';
  assert.deepEqual(await of(OLD, script), {
    folder: '/c',
    tag: 'stable-9955',
    configDir: '/home/meet/cfg',
    mountsStorage: false,
    overlayRecordings: null,
    finalizeScript: '/home/meet/cfg/jibri/finalize.sh',
  });
  const rootless = await of(NEW, 'CONFIG=./cfg\nJITSI_IMAGE_VERSION=stable-11146\n');
  assert.deepEqual([rootless?.tag, rootless?.configDir, rootless?.mountsStorage], ['stable-11146', '/c/cfg', true]);
  assert.equal(await readCheckout('/c', fakeHost()), null);
});

test('with our overlay Jibri records to storage/ in all releases, and runs our script', async (t) => {
  const files = { '/c/jibri.yml': OLD, '/c/.env': 'CONFIG=~/cfg\nDAILIES_HOME=/opt/dailies\n', '/c/dailies.yml': '' };
  const found = await readCheckout('/c', fakeHost({ files }));
  assert.equal(found?.overlayRecordings, '/home/meet/cfg/storage/jibri/recordings');
  assert.equal(found?.finalizeScript, '/opt/dailies/deploy/jitsi/finalize');
  const { folder, input } = checkout(t, OLD);
  writeFileSync(join(folder, 'docker-jitsi-meet/dailies.yml'), '');
  const [, layout] = await jibriCheck.run(input('storage/jibri/recordings'));
  assert.equal(layout?.level, 'ok', layout?.found);
});

/** A checkout beside its CONFIG folder. */
function checkout(t: TestContext, compose: string) {
  const folder = temporaryFolder(t);
  const dir = join(folder, 'docker-jitsi-meet');
  mkdirSync(dir);
  writeFileSync(join(dir, 'jibri.yml'), compose);
  writeFileSync(join(dir, '.env'), `CONFIG=${folder}/cfg\nJIBRI_FINALIZE_RECORDING_SCRIPT_PATH=/config/finalize.sh\n`);
  const input = (recordings: string) =>
    inputOf(join(folder, 'cfg', recordings), { env: { JITSI_DIR: dir }, host: thisHost(Date.now) });
  return { folder, input };
}

test('Jibri records to where we look, in both layouts', async (t) => {
  const rootless = checkout(t, NEW).input('storage/jibri/recordings');
  const lines = await jibriCheck.run(rootless);
  assert.deepEqual(levels(lines), ['ok Jibri image', 'ok layout']);
  assert.match(lines[1]?.found ?? '', /^rootless/);
  const classic = await jibriCheck.run(checkout(t, OLD).input('jibri/recordings'));
  assert.match(classic[1]?.found ?? '', /^classic/);
});

test('after an upgrade Jibri records to another folder than the one that is watched', async (t) => {
  const { input, folder } = checkout(t, NEW);
  mkdirSync(join(folder, 'cfg/storage/jibri/recordings'), { recursive: true });
  const [, layout] = await jibriCheck.run(input('jibri/recordings'));
  assert.equal(layout?.level, 'warn');
  assert.match(layout?.found ?? '', /This release of Jibri records to .*\/storage\/jibri\/recordings, but/);
});

test('recordings that lie in the folder of the other layout are told, without a checkout too', async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'jibri/recordings/session'), { recursive: true });
  const [layout] = await jibriCheck.run(inputOf(join(folder, 'storage/jibri/recordings')));
  assert.equal(layout?.level, 'warn');
  assert.match(layout?.found ?? '', /1 entries lie in .*\/jibri\/recordings, but/);
});

test('the layout by its path alone, and by session folders', async (t) => {
  assert.equal(layoutAt('/storage/recordings'), 'rootless');
  assert.equal(layoutAt('/config/recordings'), 'classic');
  assert.equal(layoutAt('/srv/x/storage/jibri/recordings'), 'rootless');
  assert.equal(layoutAt('/srv/x/jibri/recordings'), 'classic');
  assert.equal(layoutAt('/srv/recordings'), null);
  const sessions = ['0b0d1f9a-30a0-4d9e-8f6c-0a1b2c3d4e5f/a.mp4', 'abcdefghijklmnop/b.mp4', 'other/c.mp4'];
  const input = inputOf(temporaryFolder(t), { survey: { candidates: sessions.map((path) => candidate(path)) } });
  assert.match((await jibriCheck.run(input))[0]?.found ?? '', /^2 recordings lie in session folders/);
});

test('the finalize script: missing, not for everybody, line ends of Windows, no first line, good', async (t) => {
  const { input, folder } = checkout(t, NEW);
  const file = join(folder, 'cfg/jibri/finalize.sh');
  const check = async () => (await finalizeCheck.run(input('storage/jibri/recordings')))[0];
  assert.match((await check())?.found ?? '', /is not there/);
  mkdirSync(join(folder, 'cfg/jibri'), { recursive: true });
  writeFileSync(file, '#!/bin/sh\r\nexit 0\r\n', { mode: 0o700 });
  assert.match((await check())?.todo ?? '', /^chmod 0755/);
  chmodSync(file, 0o755);
  assert.match((await check())?.found ?? '', /Windows/);
  writeFileSync(file, 'exit 0\n');
  assert.equal((await check())?.level, 'warn');
  writeFileSync(file, '#!/bin/sh\nexit 0\n');
  assert.match((await check())?.found ?? '', /can be run; no marker/);
});

test('a marker beside a recording or in the archive proves that the script runs', async (t) => {
  const folder = temporaryFolder(t);
  const none = inputOf(folder);
  assert.match((await finalizeCheck.run(none))[0]?.found ?? '', /no marker seen/);
  const beside = inputOf(folder, { survey: { candidates: [candidate('s/a.mp4', { marker: 1 })] } });
  assert.match((await finalizeCheck.run(beside))[0]?.found ?? '', /has left its marker/);
  mkdirSync(join(folder, 'archived/s'));
  writeFileSync(join(folder, 'archived/s/.dailies-finalized'), '');
  assert.match((await finalizeCheck.run(none))[0]?.found ?? '', /has left its marker/);
});
