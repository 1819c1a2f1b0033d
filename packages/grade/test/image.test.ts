import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findLook, gradeImage, gradePixel, type ImageFormat, pixelOf, rgbOf } from '@dailies/grade';
import sharp, { type Sharp } from 'sharp';

const both = findLook('both');
const WIDTH = 40;
const HEIGHT = 24;

/** A picture with a different colour in every pixel. */
function picture(channels: 3 | 4 = 3): Sharp {
  const pixels = Buffer.alloc(WIDTH * HEIGHT * channels);
  for (let i = 0; i < WIDTH * HEIGHT; i++)
    pixels.set([(i * 7) % 256, (i * 3) % 256, (i * 13) % 256, (i * 5) % 256].slice(0, channels), i * channels);
  return sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels } });
}

/** The samples of an encoded image, as they are stored. */
function samples(bytes: Uint8Array) {
  return sharp(bytes, { ignoreIcc: true, animated: true }).raw().toBuffer({ resolveWithObject: true });
}

test('a PNG is graded pixel by pixel as the reference says, its alpha kept', async () => {
  const input = await picture(4).png().toBuffer();
  const { data: before } = await samples(input);
  const { data: after, info } = await samples(await gradeImage(input, both, { format: 'png' }));
  assert.deepEqual([info.width, info.height, info.channels], [WIDTH, HEIGHT, 4]);
  for (let y = 0, i = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++, i += 4) {
      const rgb = [...before.subarray(i, i + 3)] as [number, number, number];
      const graded = rgbOf(gradePixel(both, pixelOf(rgb), { x: x + 0.5, y: y + 0.5, width: WIDTH, height: HEIGHT }));
      // 12 % of 24 rows are 2.88: two rows.
      const expected =
        y < 2 || y >= HEIGHT - 2 ? [0, 0, 0] : graded.map((value) => Math.min(255, Math.max(0, Math.round(value))));
      assert.deepEqual([...after.subarray(i, i + 4)], [...expected, before[i + 3]], `${x}, ${y}`);
    }
  }
});

for (const format of ['jpeg', 'png', 'webp'] as const) {
  test(`${format} stays ${format}, the same every time`, async () => {
    const input = await picture().toFormat(format).toBuffer();
    const out = await gradeImage(input, both, { format });
    assert.equal((await sharp(out).metadata()).format, format);
    assert.deepEqual(await gradeImage(input, both, { format }), out);
    assert.notDeepEqual(out, input);
  });
}

test('a look that changes nothing gives the bytes themselves, but only of an image that can be decoded', async () => {
  const input = await picture().jpeg().toBuffer();
  assert.deepEqual(await gradeImage(input, findLook('none'), { format: 'jpeg' }), input);
  await assert.rejects(gradeImage(input.subarray(0, 500), findLook('none'), { format: 'jpeg' }), {
    code: 'IMAGE_FAILED',
  });
});

test('a photograph turned by EXIF comes out upright: the bars are where its viewer sees top and bottom', async () => {
  const input = await picture()
    .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
    .withMetadata({ orientation: 6 })
    .toBuffer();
  const out = await gradeImage(input, both, { format: 'jpeg' });
  const meta = await sharp(out).metadata();
  assert.deepEqual([meta.width, meta.height, meta.orientation ?? 1], [HEIGHT, WIDTH, 1]);
  const { data } = await samples(out);
  // 12 % of 40 rows are 4.8: four rows of black.
  const brightest = (y: number) => Math.max(...data.subarray(y * HEIGHT * 3, (y + 1) * HEIGHT * 3));
  assert.deepEqual(
    [0, 2, 37, 39].map((y) => brightest(y) < 24),
    [true, true, true, true],
  );
  assert.ok(brightest(20) > 60);
});

test('EXIF, XMP, density and the colour profile are kept, and the profile is not applied', async () => {
  const xmp = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><a/></x:xmpmeta>';
  const input = await picture()
    .withIccProfile('p3')
    .withExifMerge({ IFD0: { Copyright: 'Ada' } })
    .withXmp(xmp)
    .withDensity(300)
    .png()
    .toBuffer();
  const from = await sharp(input).metadata();
  // Only bars, so that the rows between them tell whether colours were converted.
  const out = await gradeImage(input, { name: 'bars', bars: { fraction: 0.12 } }, { format: 'png' });
  const meta = await sharp(out).metadata();
  assert.deepEqual(meta.icc, from.icc);
  assert.ok(meta.exif?.includes('Ada'));
  assert.ok(meta.xmp?.includes('xmpmeta'));
  assert.equal(meta.density, 300);
  const between = ({ data }: { data: Buffer }) => data.subarray(2 * WIDTH * 3, (HEIGHT - 2) * WIDTH * 3);
  assert.deepEqual(between(await samples(out)), between(await samples(input)));
});

test('sixteen bits stay sixteen', async () => {
  const input = await picture().toColourspace('rgb16').png().toBuffer();
  const out = await gradeImage(input, both, { format: 'png' });
  assert.equal((await sharp(out).metadata()).depth, 'ushort');
  const { data } = await sharp(out)
    .toColourspace('rgb16')
    .raw({ depth: 'ushort' })
    .toBuffer({ resolveWithObject: true });
  const values = new Set(new Uint16Array(data.buffer, data.byteOffset, data.length / 2));
  assert.ok(values.size > 600, `${values.size} values`);
});

test('grey and CMYK images become colour', async () => {
  const grey = await picture().greyscale().toColourspace('b-w').png().toBuffer();
  const cmyk = await picture().toColourspace('cmyk').jpeg().toBuffer();
  assert.deepEqual([(await sharp(grey).metadata()).channels, (await sharp(cmyk).metadata()).space], [1, 'cmyk']);
  for (const [input, format] of [
    [grey, 'png'],
    [cmyk, 'jpeg'],
  ] as [Buffer, ImageFormat][]) {
    const out = await gradeImage(input, both, { format });
    assert.deepEqual([(await sharp(out).metadata()).channels, (await sharp(out).metadata()).space], [3, 'srgb']);
    const { data } = await samples(out);
    const left = [...data.subarray((12 * WIDTH + 8) * 3, (12 * WIDTH + 9) * 3)] as [number, number, number];
    assert.ok(left[2] > left[0] + 20, `blue on the left: ${left}`);
  }
});

test('every picture of an animation is graded, and its timing kept', async () => {
  const pages = await Promise.all([picture().png().toBuffer(), picture().negate().png().toBuffer()]);
  const input = await sharp(pages, { join: { animated: true } })
    .webp({ delay: [100, 250], loop: 3, lossless: true })
    .toBuffer();
  const out = await gradeImage(input, both, { format: 'webp' });
  const meta = await sharp(out, { animated: true }).metadata();
  assert.deepEqual([meta.pages, meta.pageHeight, meta.delay, meta.loop], [2, HEIGHT, [100, 250], 3]);
  const { data, info } = await samples(out);
  const brightness = (y: number) =>
    Math.max(
      ...[...data.subarray(y * WIDTH * info.channels, (y + 1) * WIDTH * info.channels)].filter(
        (_, i) => i % info.channels < 3,
      ),
    );
  // Bars at the top and bottom of each picture; the seam between the two is one of them.
  assert.deepEqual(
    [0, 1, 22, 23, 24, 25, 46, 47].filter((y) => brightness(y) > 40),
    [],
  );
  assert.ok(brightness(12) > 60 && brightness(36) > 60);
});

test('damaged, empty, mislabelled and too large images are refused with a reason', async () => {
  const jpeg = await picture().jpeg().toBuffer();
  const refused = (
    bytes: Uint8Array,
    message: RegExp,
    options: { format: ImageFormat; maxPixels?: number } = { format: 'jpeg' },
  ) => assert.rejects(gradeImage(bytes, both, options), { name: 'DailiesError', code: 'IMAGE_FAILED', message });
  await refused(jpeg.subarray(0, jpeg.length / 2), /premature end/);
  await refused(new Uint8Array(0), /empty/);
  await refused(Buffer.from('#!/bin/sh'), /unsupported image format/);
  await refused(jpeg, /it is a jpeg image, not png/, { format: 'png' });
  await refused(jpeg, /pixel limit/, { format: 'jpeg', maxPixels: 100 });
  await refused(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'), /not jpeg/);
});
