import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseLook } from '@dailies/contracts';
import { DEFAULT_LOOK, findLook, isIdentity, LOOKS, loadLooks } from '@dailies/grade';

async function folderWith(t: TestContext, files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dailies-looks-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

test('four looks ship; `both` is the default and has all five steps, `none` has none', () => {
  assert.deepEqual(LOOKS.map((look) => look.name).sort(), ['both', 'cinematic', 'none', 'split-tint']);
  assert.equal(DEFAULT_LOOK, 'both');
  const steps = ['bars', 'contrast', 'splitTint', 'tealOrange', 'vignette'];
  const stepsOf = (name: string) => Object.keys(findLook(name)).filter((key) => steps.includes(key));
  assert.deepEqual(stepsOf('both').sort(), steps);
  assert.deepEqual(stepsOf('split-tint'), ['splitTint']);
  assert.equal(stepsOf('cinematic').includes('splitTint'), false);
  assert.deepEqual(
    LOOKS.filter(isIdentity).map((look) => look.name),
    ['none'],
  );
});

test('the default tint is blue left and red right at 0.3, the vignette has sigma 0.6, the bars 12 %', () => {
  const look = findLook('both');
  assert.deepEqual(look.splitTint, { alpha: 0.3, left: [0, 0, 255], right: [255, 0, 0] });
  assert.equal(look.vignette?.sigma, 0.6);
  assert.deepEqual(look.bars, { fraction: 0.12 });
});

test('a look survives JSON', () => {
  for (const look of LOOKS) assert.deepEqual(parseLook(JSON.parse(JSON.stringify(look))), look);
});

test('an unknown look is refused with the names of all', () => {
  const extra = [parseLook({ name: 'ours' })];
  assert.throws(() => findLook('noir', extra), {
    code: 'LOOK_UNKNOWN',
    message: /"noir".*ours, both, cinematic, split-tint, none/,
  });
});

test('looks come from the JSON files of a folder, named by themselves or by their file', async (t) => {
  const folder = await folderWith(t, {
    'noir.json': '{"tealOrange":{"shadows":[0,0],"highlights":[0,0],"saturation":0}}',
    'b.json': '[{"name":"soft","vignette":{"sigma":0.8,"strength":0.3}},{"name":"wide","bars":{"fraction":0.1}}]',
    '.hidden.json': 'no JSON at all',
    'readme.txt': 'not a look',
  });
  const looks = await loadLooks(folder);
  assert.deepEqual(looks.map((look) => look.name).sort(), ['noir', 'soft', 'wide']);
  assert.equal(findLook('noir', looks).tealOrange?.saturation, 0);
  assert.deepEqual(
    (await loadLooks(join(folder, 'b.json'))).map((look) => look.name),
    ['soft', 'wide'],
  );
});

test('an operator’s look hides a shipped one of its name', async (t) => {
  const folder = await folderWith(t, { 'both.json': '{"bars":{"fraction":0.2}}' });
  assert.deepEqual(findLook('both', await loadLooks(folder)), { name: 'both', bars: { fraction: 0.2 } });
});

test('a wrong look names its file and its parameter', async (t) => {
  const folder = await folderWith(t, { 'loud.json': '[{"name":"ok"},{"name":"loud","contrast":{"amount":3}}]' });
  await assert.rejects(loadLooks(folder), {
    code: 'LOOK_INVALID',
    message: /Look 2 of .*loud\.json .*contrast\.amount .*0 to 1, not 3/,
  });
});

test('a file that is not JSON, a name used twice, and a folder that is not there', async (t) => {
  const broken = await folderWith(t, { 'x.json': '{' });
  await assert.rejects(loadLooks(broken), { code: 'LOOK_INVALID', message: /x\.json is not JSON/ });
  const twice = await folderWith(t, { 'a.json': '{"name":"same"}', 'b.json': '{"name":"same"}' });
  await assert.rejects(loadLooks(twice), { code: 'LOOK_INVALID', message: /"same" is used twice.*a\.json.*b\.json/ });
  await assert.rejects(loadLooks(join(broken, 'none')), { code: 'CONFIG_INVALID', message: /no such file or folder/ });
});
