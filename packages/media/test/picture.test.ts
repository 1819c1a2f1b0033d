import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Picture } from '@dailies/contracts';
import { barFilters, decodeFilters } from '../src/picture.ts';

const picture: Picture = {
  codec: 'h264',
  width: 719,
  height: 1280,
  pixelFormat: 'yuv420p',
  rotation: 90,
  mirror: false,
  sampleAspect: { num: 1, den: 1 },
  frameRate: 30,
  color: { range: null, space: null, primaries: null, transfer: null },
  filmWidth: 1280,
  filmHeight: 720,
};

test('bars are taken off and put on in the orientation and size of the film', () => {
  assert.deepEqual(barFilters(picture, { from: 86, to: 634 }), {
    off: ['crop=1280:548:0:86'],
    on: ['pad=1280:720:0:86:black'],
  });
});

test('without bars there is nothing to do', () => {
  assert.deepEqual(barFilters(picture, { from: 0, to: 720 }), { off: [], on: [] });
});

test('frames of another size are refused before anything hides it, or fitted', () => {
  const refused = decodeFilters(picture, 'refused');
  assert.match(refused, /^crop=w=if\(eq\(iw\\,719\)\*eq\(ih\\,1280\)\\,iw\\,0\):h=ih:exact=1,transpose=clock,/);
  assert.doesNotMatch(refused, /dar/);
  const fitted = decodeFilters({ ...picture, width: 720 }, 'fitted');
  assert.doesNotMatch(fitted, /crop/);
  assert.match(fitted, /pad=1280:720:if\(eq\(iw\\,1280\)\*eq\(ih\\,720\)/);
  assert.match(decodeFilters(picture, 'fitted'), /scale=w=1280:h=719:/);
});

test('a picture is turned and then mirrored', () => {
  const turn = (rotation: Picture['rotation']) =>
    decodeFilters({ ...picture, width: 320, height: 180, rotation, mirror: true }, 'fitted').split(',')[0];
  assert.deepEqual(([0, 90, 180, 270] as const).map(turn), [
    'hflip',
    'transpose=cclock_flip',
    'vflip',
    'transpose=clock_flip',
  ]);
});

test('a picture of an older message is not mirrored', () => {
  const { mirror: _, ...older } = picture;
  assert.deepEqual(Picture.parse(older), picture);
});
