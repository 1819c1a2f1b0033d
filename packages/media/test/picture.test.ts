import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Picture } from '@dailies/contracts';
import { barFilters } from '../src/picture.ts';

const picture: Picture = {
  codec: 'h264',
  width: 719,
  height: 1280,
  pixelFormat: 'yuv420p',
  rotation: 90,
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
