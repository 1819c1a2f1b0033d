import assert from 'node:assert/strict';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { inside } from '../src/index.ts';
import { asNobody, needsRoot, ODD_NAMES, put, temporaryFolder } from './helpers.ts';

test('paths that leave the root by their text are refused', async (t) => {
  const root = await temporaryFolder(t);
  for (const path of ['..', '../x', 'a/../../x', 'a/..', '/etc/passwd', 'a\0b', '', '.', 'a//b', 'a/', './a']) {
    await assert.rejects(inside(root, path), { code: 'MESSAGE_INVALID' }, JSON.stringify(path));
  }
});

test('symbolic links that leave the root are refused, wherever they stand', async (t) => {
  const base = await temporaryFolder(t);
  const root = join(base, 'root');
  await put(join(base, 'outside/secret.mp4'));
  await mkdir(root);
  await symlink(join(base, 'outside'), join(root, 'folder'));
  await symlink('../outside/secret.mp4', join(root, 'file.mp4'));
  await symlink('../outside/not-yet.mp4', join(root, 'dangling.mp4'));
  await symlink('round', join(root, 'round'));
  for (const path of [
    'folder/secret.mp4',
    'folder/new.mp4',
    'folder/a/b/new.mp4',
    'file.mp4',
    'dangling.mp4',
    'round',
    'round/a.mp4',
  ]) {
    await assert.rejects(inside(root, path), { code: 'RECORDING_SYMLINK' }, path);
  }
});

test('everything else is given its absolute path, whether it exists or not', async (t) => {
  const root = await temporaryFolder(t);
  await put(join(root, 'a/real.mp4'));
  await symlink('a', join(root, 'link'));
  for (const path of [
    'a/real.mp4',
    'link/real.mp4',
    'new/deep/x.mp4',
    'a/real.mp4/x',
    '..a/b',
    'a/..b',
    ...ODD_NAMES,
  ]) {
    assert.equal(await inside(root, path), join(root, path));
  }
});

test('a way that may not be walked says who may not', { skip: needsRoot }, async (t) => {
  const root = await temporaryFolder(t);
  await mkdir(join(root, 'closed/a'), { recursive: true, mode: 0o700 });
  const { chmod } = await import('node:fs/promises');
  await chmod(root, 0o755);
  await chmod(join(root, 'closed'), 0o700);
  await asNobody(() =>
    assert.rejects(inside(root, 'closed/a/x.mp4'), {
      code: 'PERMISSION_DENIED',
      message: /cannot be read by uid 65534 .* sudo chmod/,
    }),
  );
});
