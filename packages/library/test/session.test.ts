import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isSessionFolder, readSession } from '../src/index.ts';
import { callNameOf, meetingOf } from '../src/session.ts';
import { temporaryFolder } from './helpers.ts';

const UUID = '0b0d1f9a-30a0-4d9e-8f6c-0a1b2c3d4e5f';
const NAMED = Date.parse('2026-08-01T10:00:00.000Z');
const room = (meeting_url: unknown) => meetingOf({ meeting_url })?.room ?? null;
const key = (meeting_url: string) => meetingOf({ meeting_url })?.key;

test('of a meeting URL only host and path count: no token, no options, no password', () => {
  const plain = 'https://meet.example.org/Standup';
  for (const url of [
    'https://meet.example.org/standup',
    'https://MEET.example.org/Standup/?jwt=eyJhbGciOi.secret',
    'https://user:password@meet.example.org//Standup#config.startWithAudioMuted=true',
  ])
    assert.equal(key(url), key(plain), url);
  assert.notEqual(key('https://other.example.org/Standup'), key(plain));
  assert.notEqual(key('https://meet.example.org:8443/Standup'), key(plain));
  assert.equal(room(`${plain}?jwt=secret`), 'Standup');
  assert.equal(room('https://meet.example.org/tenant/Caf%C3%A9%20am%20Eck'), 'tenant/Café am Eck');
});

test('what is no meeting URL is none', () => {
  for (const url of [
    undefined,
    7,
    '',
    'standup',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'https://x/',
    'https://',
  ])
    assert.equal(room(url), null, String(url));
  assert.equal(room(`https://x/${'a'.repeat(5000)}`), null);
  for (const metadata of [null, [], 'x', {}, { meeting_url: { toString: 1 } }]) assert.equal(meetingOf(metadata), null);
});

test('a room cannot repaint a terminal, and is short', () => {
  assert.equal(room('https://x/a%0A%1B%5B2J%E2%80%AEb'), 'a[2Jb');
  assert.equal(room('https://x/%E0%A4%A'), '%E0%A4%A');
  assert.equal(room('https://x/%00%0A'), null);
  assert.equal(room(`https://x/${'%F0%9F%98%80'.repeat(210)}`)?.length, 400);
});

test('Jibri’s file names tell room and time', () => {
  assert.deepEqual(callNameOf('a_b_2026-08-01-10-00-00.mp4'), { room: 'a_b', atMs: NAMED });
  for (const name of ['a.mp4', '_2026-08-01-10-00-00.mp4', 'a_2026-13-01-10-00-00.mp4', 'a_2026-08-01.mp4'])
    assert.equal(callNameOf(name), null, name);
});

test('names of session folders, of today and of older releases', () => {
  assert.equal(isSessionFolder(UUID), true);
  assert.equal(isSessionFolder('abcdefghijklmnop'), true);
  for (const name of ['processed', 'abcdefghijklmno1', UUID.toUpperCase(), ''])
    assert.equal(isSessionFolder(name), false);
});

test('a recording in its session folder, with metadata and without', async (t) => {
  const root = await temporaryFolder(t);
  const path = `${UUID}/standup_2026-08-01-10-00-00.mp4`;
  mkdirSync(join(root, UUID));
  assert.deepEqual(await readSession(root, path), {
    room: 'standup',
    sessionId: UUID,
    meetingKey: null,
    namedAtMs: NAMED,
  });
  const metadata = { meeting_url: 'https://meet.example.org/StandUp?jwt=x', participants: [{ email: 'a@b.c' }] };
  writeFileSync(join(root, UUID, 'metadata.json'), JSON.stringify(metadata));
  assert.deepEqual(await readSession(root, path), {
    room: 'StandUp',
    sessionId: UUID,
    meetingKey: key(metadata.meeting_url),
    namedAtMs: NAMED,
  });
});

test('a folder of another name is a session when it has metadata; the recordings folder never is', async (t) => {
  const root = await temporaryFolder(t);
  mkdirSync(join(root, 'talks'));
  const none = { room: null, sessionId: null, meetingKey: null, namedAtMs: null };
  assert.deepEqual(await readSession(root, 'talks/a.mp4'), none);
  const metadata = JSON.stringify({ meeting_url: 'https://x/room' });
  writeFileSync(join(root, 'talks', 'metadata.json'), metadata);
  writeFileSync(join(root, 'metadata.json'), metadata);
  assert.equal((await readSession(root, 'talks/a.mp4')).sessionId, 'talks');
  assert.deepEqual(await readSession(root, 'a.mp4'), none);
});

test('metadata that is damaged, too large, a link or a folder is as if it were not there', async (t) => {
  const root = await temporaryFolder(t);
  const good = JSON.stringify({ meeting_url: 'https://x/room' });
  writeFileSync(join(root, 'elsewhere.json'), good);
  const make: ((file: string) => void)[] = [
    (file) => writeFileSync(file, good.slice(0, -1)),
    (file) => writeFileSync(file, good + ' '.repeat(1024 * 1024)),
    (file) => symlinkSync(join(root, 'elsewhere.json'), file),
    (file) => mkdirSync(file),
  ];
  for (const [index, makeIt] of make.entries()) {
    mkdirSync(join(root, `s${index}`));
    makeIt(join(root, `s${index}`, 'metadata.json'));
    assert.equal((await readSession(root, `s${index}/a.mp4`)).meetingKey, null, `case ${index}`);
  }
});
