import assert from 'node:assert/strict';
import { symlink, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Structure, structureOf } from '../src/index.ts';
import { box, plainMp4, put, temporaryFolder } from './helpers.ts';

const ftyp = box('ftyp', Buffer.from('isom0000'));
const moov = box('moov', box('mvhd', Buffer.alloc(100)));
const openMdat = Buffer.concat([Buffer.from([0, 0, 0, 0]), Buffer.from('mdat'), Buffer.alloc(500)]);
const longMdat = (announced: bigint): Buffer => {
  const header = Buffer.alloc(16);
  header.writeUInt32BE(1, 0);
  header.write('mdat', 4);
  header.writeBigUInt64BE(announced, 8);
  return Buffer.concat([header, Buffer.alloc(100)]);
};
const riff = (announced: number, bytes: number): Buffer => {
  const file = Buffer.alloc(bytes);
  file.write('RIFF', 0);
  file.writeUInt32LE(announced, 4);
  file.write('WEBPVP8 ', 8);
  return file;
};
const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
const pngEnd = Buffer.from('0000000049454e44ae426082', 'hex');

const cases: readonly (readonly [string, Structure, Buffer])[] = [
  ['nothing at all', 'incomplete', Buffer.alloc(0)],
  ['a finished MP4', 'complete', plainMp4()],
  ['an MP4 with its index first', 'complete', Buffer.concat([ftyp, moov, box('mdat', Buffer.alloc(300))])],
  ['a 64-bit mdat that fits', 'complete', Buffer.concat([ftyp, longMdat(116n), moov])],
  ['what ffmpeg writes while it records: an open mdat', 'incomplete', Buffer.concat([ftyp, box('free'), openMdat])],
  ['a 64-bit mdat that is cut off', 'incomplete', Buffer.concat([ftyp, longMdat(5_000_000_000n)])],
  ['a moov that is cut off', 'incomplete', Buffer.concat([ftyp, box('mdat'), moov.subarray(0, 60)])],
  ['a moov of which four bytes are there', 'incomplete', Buffer.concat([ftyp, box('mdat'), moov.subarray(0, 4)])],
  [
    'an index first, the media cut off',
    'incomplete',
    Buffer.concat([ftyp, moov, box('mdat', Buffer.alloc(300))]).subarray(0, 300),
  ],
  ['media without an index', 'incomplete', Buffer.concat([ftyp, box('mdat', Buffer.alloc(300))])],
  ['an index, then an open mdat', 'unknown', Buffer.concat([ftyp, moov, openMdat])],
  [
    'a fragmented MP4',
    'unknown',
    Buffer.concat([ftyp, box('moov', box('mvhd'), box('mvex')), box('moof'), box('mdat')]),
  ],
  [
    'a fragmented MP4 before its first fragment',
    'unknown',
    Buffer.concat([ftyp, box('moov', box('mvhd'), box('mvex'))]),
  ],
  ['fragments without an init segment', 'unknown', Buffer.concat([box('styp'), box('moof'), box('mdat')])],
  ['zeros after the end', 'unknown', Buffer.concat([plainMp4(), Buffer.alloc(3)])],
  ['endlessly many boxes', 'unknown', Buffer.concat([ftyp, ...Array.from({ length: 300 }, () => box('free'))])],
  ['text', 'unknown', Buffer.from('just some words')],
  ['Matroska', 'unknown', Buffer.from('1a45dfa3a3428681', 'hex')],
  ['a JPEG', 'complete', Buffer.from('ffd8ffe000104a464946ffd9', 'hex')],
  ['a JPEG that is cut off', 'unknown', Buffer.from('ffd8ffe000104a464946', 'hex')],
  ['a PNG', 'complete', Buffer.concat([png, pngEnd])],
  ['a PNG that is cut off', 'unknown', Buffer.concat([png, pngEnd.subarray(0, 8)])],
  ['a WebP', 'complete', riff(92, 100)],
  ['a WebP of odd size, padded', 'complete', riff(91, 100)],
  ['a WebP that is cut off', 'incomplete', riff(5000, 100)],
  ['a WebP with something behind it', 'unknown', riff(60, 100)],
];

for (const [name, expected, bytes] of cases) {
  test(`${name}: ${expected}`, async (t) => {
    const file = await put(join(await temporaryFolder(t), 'a.mp4'), bytes);
    assert.equal(await structureOf(file), expected);
  });
}

test('every beginning of a finished MP4 is not complete', async (t) => {
  const folder = await temporaryFolder(t);
  const whole = plainMp4();
  for (let length = 0; length < whole.length; length++) {
    assert.notEqual(
      await structureOf(await put(join(folder, 'a.mp4'), whole.subarray(0, length))),
      'complete',
      `${length} bytes`,
    );
  }
});

test('a file whose size was reserved before its bytes arrived is not taken for complete', async (t) => {
  const file = join(await temporaryFolder(t), 'a.mp4');
  const media = 4 * 1024 * 1024;
  const header = Buffer.alloc(8);
  header.writeUInt32BE(8 + media, 0);
  header.write('mdat', 4);
  await put(file, Buffer.concat([ftyp, moov, header]));
  await truncate(file, ftyp.length + moov.length + 8 + media);
  assert.equal(await structureOf(file), 'unknown');
});

test('a link is not followed', async (t) => {
  const folder = await temporaryFolder(t);
  await put(join(folder, 'real'), plainMp4());
  await symlink(join(folder, 'real'), join(folder, 'a.mp4'));
  await assert.rejects(structureOf(join(folder, 'a.mp4')), { code: 'RECORDING_SYMLINK' });
});
