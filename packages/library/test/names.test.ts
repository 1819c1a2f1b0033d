import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf, numbered, withExtension } from '../src/index.ts';
import { fitName } from '../src/names.ts';

test('further names stand before the extension', () => {
  assert.equal(numbered('a/b.mp4', 1), 'a/b.mp4');
  assert.equal(numbered('a/b.mp4', 2), 'a/b (2).mp4');
  assert.equal(numbered('a.b/c', 3), 'a.b/c (3)');
  assert.equal(numbered('Mr. and Mrs. Example meet', 2), 'Mr. and Mrs. Example meet (2)');
});

test('an extension is replaced', () => {
  assert.equal(withExtension('a/b.webm', '.mp4'), 'a/b.mp4');
  assert.equal(withExtension('a/-v1.2.MKV', '.mov'), 'a/-v1.2.mov');
});

test('names have at most 255 bytes and never half a character', () => {
  const long = `${'é'.repeat(125)}x.mp4`;
  assert.equal(Buffer.byteLength(long), 255);
  const second = numbered(long, 2);
  assert.equal(second, `${'é'.repeat(123)} (2).mp4`);
  assert.equal(Buffer.byteLength(numbered(long, 1)), 255);
  const clip = `${'🎬'.repeat(63)}.ts`;
  assert.equal(Buffer.byteLength(clip), 255);
  assert.equal(withExtension(clip, '.mp4'), `${'🎬'.repeat(62)}.mp4`);
  assert.equal(fitName('🎬🎬', 'x'.repeat(250)), `🎬${'x'.repeat(250)}`);
});

test('what is a recording by its name', () => {
  for (const name of ['a.mp4', 'A.MP4', '-x.webm', 'a.b.mov', 'a.m2ts', 'x (2).mkv'])
    assert.equal(kindOf(name), 'video', name);
  for (const name of ['a.jpg', 'a.JPEG', 'a.png', 'a.webp']) assert.equal(kindOf(name), 'image', name);
  const none = [
    '.a.mp4',
    'a.mp4.part',
    'a.mp4.crdownload',
    'a.mp4.filepart',
    'a.mp4~',
    'a.tmp',
    'metadata.json',
    'mp4',
    'a.flv',
    'a.m3u8',
    'a.mp4.txt',
    '.mp4',
  ];
  for (const name of none) assert.equal(kindOf(name), null, name);
});
