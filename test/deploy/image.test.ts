import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { type Bom, debianComponents, imageBom, installedBelow } from '../../deploy/images/sbom.ts';
import { temporaryFolder } from '../helpers/temporary.ts';

const component = (ref: string) => {
  const [, name = '', version = ''] = /^(.+)@([^@]+)$/.exec(ref) ?? [];
  return { 'bom-ref': ref, type: 'library', name, version, purl: `pkg:npm/${ref}` };
};

test('the image lists the packages that it holds, and none that the lock file names for other systems', () => {
  const npm: Bom = {
    metadata: { component: component('dailies@1.0.0') },
    components: ['sharp@1.0.0', '@ffmpeg-installer/linux-x64@4.1.0', 'kafkajs@2.2.4'].map(component),
    dependencies: [
      { ref: 'dailies@1.0.0', dependsOn: ['sharp@1.0.0', '@ffmpeg-installer/linux-x64@4.1.0'] },
      { ref: '@ffmpeg-installer/linux-x64@4.1.0', dependsOn: [] },
      { ref: 'sharp@1.0.0', dependsOn: [] },
    ],
  };
  const system = debianComponents('ffmpeg\t7:7.1.5-0+deb13u1\tamd64\tffmpeg\t7:7.1.5-0+deb13u1\n', 'trixie');
  const bom = imageBom(npm, new Set(['sharp@1.0.0', 'kafkajs@2.2.4']), system);
  assert.deepEqual(
    bom.components.map(({ name }) => name),
    ['sharp', 'kafkajs', 'ffmpeg'],
  );
  assert.deepEqual(bom.dependencies, [
    { ref: 'dailies@1.0.0', dependsOn: ['sharp@1.0.0'] },
    { ref: 'sharp@1.0.0', dependsOn: [] },
  ]);
});

test('a package of Debian is named as others name it, with its source', () => {
  const [one, other] = debianComponents(
    'libavcodec61\t7:7.1.5-0+deb13u1\tamd64\tffmpeg\t7:7.1.5-0+deb13u1\nacl\t2.3.2-2+b1\tamd64\tacl\t2.3.2-2\n',
    'trixie',
  );
  assert.equal(
    one?.purl,
    'pkg:deb/debian/libavcodec61@7:7.1.5-0%2Bdeb13u1?arch=amd64&distro=trixie&upstream=ffmpeg%407:7.1.5-0%2Bdeb13u1',
  );
  assert.equal(other?.purl, 'pkg:deb/debian/acl@2.3.2-2%2Bb1?arch=amd64&distro=trixie&upstream=acl%402.3.2-2');
});

test('installed is what lies there: scopes, packages within packages, and workspaces by their links', async (t) => {
  const app = await temporaryFolder(t);
  const made = async (folder: string, name: string, version: string): Promise<void> => {
    const file = join(app, folder, 'package.json');
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, JSON.stringify({ name, version }));
  };
  await made('node_modules/sharp', 'sharp', '1.0.0');
  await made('node_modules/fastify/node_modules/semver', 'semver', '7.0.0');
  await made('node_modules/fastify', 'fastify', '5.0.0');
  await made('packages/bus', '@dailies/bus', '0.1.0');
  await made('packages/bus/node_modules/kafkajs', 'kafkajs', '2.2.4');
  await mkdir(join(app, 'node_modules/@dailies'));
  await mkdir(join(app, 'node_modules/.bin'));
  await symlink('../../packages/bus', join(app, 'node_modules/@dailies/bus'));
  assert.deepEqual([...installedBelow(app)].sort(), [
    '@dailies/bus@0.1.0',
    'fastify@5.0.0',
    'kafkajs@2.2.4',
    'semver@7.0.0',
    'sharp@1.0.0',
  ]);
});
