import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { missingBytes } from '../src/cut-off.ts';

const folder = await mkdtemp(join(tmpdir(), 'dailies-cut-off-'));
after(() => rm(folder, { recursive: true, force: true }));

async function missing(bytes: Buffer): Promise<number> {
  const file = join(folder, 'recording');
  await writeFile(file, bytes);
  return missingBytes(file);
}

function box(type: string, size: number, body = size - 8): Buffer {
  const bytes = Buffer.alloc(8 + body);
  bytes.writeUInt32BE(size, 0);
  bytes.write(type, 4, 'latin1');
  return bytes;
}

test('MP4: what the last box announces', async () => {
  const moov = [box('ftyp', 24), box('moov', 108)];
  assert.equal(await missing(Buffer.concat([...moov, box('mdat', 508)])), 0);
  assert.equal(await missing(Buffer.concat([...moov, box('mdat', 508, 200)])), 300);
  // a size of 0 reaches to the end of the file
  assert.equal(await missing(Buffer.concat([...moov, box('mdat', 0, 200)])), 0);
});

const ebml = Buffer.from([0x1a, 0x45, 0xdf, 0xa3, 0x84, 1, 2, 3, 4]);
const segment = (...size: number[]) => Buffer.concat([ebml, Buffer.from([0x18, 0x53, 0x80, 0x67, ...size])]);

test('Matroska: what the Segment announces, and nothing when it is live', async () => {
  const known = segment(0x01, 0, 0, 0, 0, 0, 1, 0);
  assert.equal(await missing(Buffer.concat([known, Buffer.alloc(256)])), 0);
  assert.equal(await missing(Buffer.concat([known, Buffer.alloc(100)])), 156);
  assert.equal(await missing(Buffer.concat([segment(0x40, 200), Buffer.alloc(150)])), 50);
  const live = segment(0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
  assert.equal(await missing(Buffer.concat([live, Buffer.alloc(100)])), 0);
});

test('AVI: what RIFF announces; other formats do not tell', async () => {
  const riff = Buffer.alloc(100);
  riff.write('RIFF', 0, 'latin1');
  riff.writeUInt32LE(292, 4);
  assert.equal(await missing(riff), 200);
  assert.equal(await missing(Buffer.alloc(188, 0x47)), 0);
  assert.equal(await missing(Buffer.from('short')), 0);
});
