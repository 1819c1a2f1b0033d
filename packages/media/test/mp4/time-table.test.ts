import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { box, findBox, fullBox } from '../../src/mp4/boxes.ts';
import { settleTimes } from '../../src/mp4/durations.ts';

/** A film of 90 frames whose media data follow the moov at once, as beyond 4 GB. */
async function filmWithoutRoom(t: TestContext, handler: Buffer): Promise<{ film: string; bytes: Buffer }> {
  const words = (...values: readonly number[]): Buffer =>
    Buffer.concat(values.map((value) => Buffer.of(0, 0, value >> 8, value)));
  const moov = box(
    'moov',
    fullBox('mvhd', 0, 0, words(0, 0, 1000, 0), Buffer.alloc(80)),
    box(
      'trak',
      fullBox('tkhd', 0, 3, Buffer.alloc(80)),
      box(
        'mdia',
        fullBox('mdhd', 0, 0, words(0, 0, 15_360, 0, 0)),
        fullBox('hdlr', 0, 0, Buffer.alloc(4), Buffer.from('vide'), Buffer.alloc(12), handler),
        box('minf', fullBox('vmhd', 0, 1), box('stbl', fullBox('stts', 0, 0, words(1, 90, 512)))),
      ),
    ),
  );
  const folder = await mkdtemp(join(tmpdir(), 'dailies-table-'));
  t.after(() => rm(folder, { recursive: true }));
  const film = join(folder, 'film.mp4');
  const bytes = Buffer.concat([box('ftyp', Buffer.from('isom')), moov, box('mdat', Buffer.alloc(100, 7))]);
  await writeFile(film, bytes);
  return { film, bytes };
}

const picture = { first: 0, last: 100, shown: 89 * 512 + 100 };

const names: [kind: string, before: Buffer, after: Buffer][] = [
  ['MP4', Buffer.from('VideoHandler\0'), Buffer.from('Vide\0')],
  ['MOV', Buffer.from('\x0cVideoHandler'), Buffer.from('\x04Vide')],
];
for (const [kind, before, after] of names)
  test(`a last frame of its own length fits into a film beyond 4 GB: ${kind}`, async (t) => {
    const { film, bytes } = await filmWithoutRoom(t, before);
    await settleTimes(film, picture, []);
    const settled = await readFile(film);
    const media = bytes.indexOf('mdat') - 4;
    assert.deepEqual(settled.subarray(media), bytes.subarray(media), 'the media data stay where they are');
    const track = findBox(settled, 'moov/trak/mdia')?.body as Buffer;
    assert.deepEqual(findBox(track, 'hdlr')?.body.subarray(24), after);
    const table = findBox(track, 'minf/stbl/stts')?.body as Buffer;
    const entries = Array.from({ length: 5 }, (_, i) => table.readUInt32BE(4 + i * 4));
    assert.deepEqual(entries, [2, 89, 512, 1, 100]);
  });

test('a film without any room is refused, and stays as it is', async (t) => {
  const { film, bytes } = await filmWithoutRoom(t, Buffer.from('short\0'));
  await assert.rejects(settleTimes(film, picture, []), { code: 'FILM_NOT_EXACT', message: /no room/ });
  assert.deepEqual(await readFile(film), bytes);
});
