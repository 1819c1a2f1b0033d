import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import { copyFile, mkdir, open, symlink, utimes, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { fixture } from '../fixtures/make.ts';
import { anyBuild, mustRun } from '../helpers/builds.ts';
import { makeRoom } from '../helpers/dailies.ts';
import { assertExact } from '../helpers/judge.ts';

/** Names that recordings really have, or that break careless code; each goes through every command line of ffmpeg. */
const NAMES = [
  'with spaces.mp4',
  `quotes ' " \`.mp4`,
  'two\nlines.mp4',
  '🎬 Besprechung 会議.mp4',
  '-rf.mp4',
  '--help.mp4',
  'back\\slash.mp4',
  '$(touch injected);&|<>*?[].mp4',
  '%d %s 01.mp4',
  'file:http://127.0.0.1/x.mp4',
  `${'é'.repeat(125)}x.mp4`,
  `${'f'.repeat(251)}.mp4`,
  'same.mp4',
  'one/same.mp4',
  'two/same.mp4',
  '-v/--/ -i .mp4',
];

test('200 files at once, with names of every kind, all become films under the same path', {
  timeout: 600_000,
}, async (t) => {
  const room = await makeRoom(t);
  const file = await fixture('one-frame');
  const names = NAMES.map((name) => name.replace('http://', 'http:__'));
  for (const name of names) await room.put(file, name);
  const image = join(room.folder, '.image.png');
  await mustRun(anyBuild().ffmpeg, ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc=s=64x36', '-frames:v', '1', image]);
  while (names.length < 200) {
    const name = `images/${names.length % 7}/${names.length}.png`;
    await room.put(image, name);
    names.push(name);
  }
  // Names are bytes: this one is no text at all.
  const latin = Buffer.concat([Buffer.from(`${room.folder}/caf`), Buffer.from([0xe9]), Buffer.from('.mp4')]);
  await copyFile(file, latin);
  await utimes(latin, 1000, 1000);
  const { code, output } = await room.dailies('run', '--once');
  assert.equal(code, 3, output);
  const rows = await room.status();
  assert.deepEqual(
    rows
      .filter(({ state }) => state === 'finished')
      .map(({ path }) => path)
      .sort(),
    names.sort(),
  );
  assert.deepEqual(
    rows.filter(({ state }) => state !== 'finished').map(({ code }) => code),
    ['RECORDING_UNREADABLE'],
  );
  assert.match(output, /is not valid UTF-8\. Rename the file\./);
  for (const below of ['processed', 'archived']) assert.deepEqual(await room.files(below), names);
  assert.deepEqual(await room.files('work'), []);
  for (const name of ['one/same.mp4', 'two\nlines.mp4']) await assertExact(file, join(room.folder, 'processed', name));
});

test('files that refer to others are never followed: no connection is made, and nothing else is opened', {
  timeout: 300_000,
}, async (t) => {
  const room = await makeRoom(t);
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.ts`;
  // Its name is one that HLS would follow. Who opens this pipe to read it waits until someone writes, and can be seen waiting: then it can be opened to be written.
  const secret = join(room.folder, '.secret.ts');
  execFileSync('mkfifo', [secret]);
  let opened = 0;
  const look = async (): Promise<void> => {
    const writer = await open(secret, constants.O_WRONLY | constants.O_NONBLOCK).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENXIO') throw error;
        return null;
      },
    );
    if (!writer) return;
    opened++;
    await writer.close();
  };
  const looking = setInterval(() => void look(), 20);
  t.after(() => clearInterval(looking));

  const item = (target: string): string => `#EXTINF:10,\n${target}\n`;
  const items = ['file:///etc/passwd', `file://${secret}`, secret, basename(secret), url].map(item).join('');
  const hls = `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n${items}#EXT-X-ENDLIST\n`;
  const concat = `ffconcat version 1.0\nfile ${secret}\nfile ${url}\n`;
  const dash = `<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><BaseURL>${url}</BaseURL><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>file://${secret}</BaseURL></Representation></AdaptationSet></Period></MPD>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9"><image xlink:href="file://${secret}" width="9" height="9"/><image xlink:href="${url}" width="9" height="9"/></svg>`;
  const files: Record<string, string> = {
    'hls.mp4': hls,
    'hls.ts': hls,
    'hls.mkv': `\n${hls}`,
    'bom.mp4': `\ufeff${hls}`,
    'late.mp4': `${' '.repeat(3000)}${hls}`,
    'concat.mp4': concat,
    'concat.webm': concat,
    'dash.mp4': dash,
    'sdp.avi': `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n`,
    'svg.png': svg,
    'svg.webp': svg,
    'hls.jpg': hls,
  };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(room.folder, name), text);
    await utimes(join(room.folder, name), 1000, 1000);
  }
  // And links that lead out, in circles, or to a file that is found by itself.
  const good = await fixture('one-frame');
  const outside = await makeRoom(t);
  await outside.put(good, 'private.mp4');
  await room.put(good, 'good.mp4');
  await symlink(secret, join(room.folder, 'link.mp4'));
  await symlink('/etc/passwd', join(room.folder, 'passwd.mp4'));
  await symlink(outside.folder, join(room.folder, 'folder'));
  await symlink('loop.mp4', join(room.folder, 'loop.mp4'));
  await symlink('good.mp4', join(room.folder, 'inside.mp4'));
  await mkdir(join(room.folder, 'folder.mp4'));

  const { code, output } = await room.dailies('run', '--once').finally(() => clearInterval(looking));
  await look();
  assert.equal(connections, 0, 'a URL was opened');
  assert.equal(opened, 0, 'a file was opened that another file named');
  assert.equal(code, 3, output);
  const rows = await room.status();
  const states = Object.fromEntries(rows.map(({ path, state, code }) => [path, code ?? state]));
  for (const name of Object.keys(files)) {
    const wanted = /\.(png|webp|jpg)$/.test(name) ? /^IMAGE_FAILED$/ : /^RECORDING_(FORMAT_REFUSED|UNREADABLE)$/;
    assert.match(String(states[name]), wanted, name);
  }
  const links = Object.entries(states).filter(([, state]) => state === 'RECORDING_SYMLINK');
  assert.deepEqual(links.map(([path]) => path).sort(), ['folder', 'loop.mp4', 'passwd.mp4']);
  assert.equal(states['good.mp4'], 'finished');
  assert.equal(
    Object.keys(states).some((path) => path.includes('private') || path === 'inside.mp4'),
    false,
  );
  assert.deepEqual(await room.files('processed'), ['good.mp4']);
  assert.deepEqual(await outside.files('.'), ['private.mp4']);
});
