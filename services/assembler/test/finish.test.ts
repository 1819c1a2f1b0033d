import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filmPath } from '../src/finish.ts';

test('a film has the path of its recording; only an extension that would be wrong is replaced', () => {
  assert.equal(filmPath('s/a.mp4', '.mp4'), 's/a.mp4');
  assert.equal(filmPath('s/a.MP4', '.mp4'), 's/a.MP4');
  assert.equal(filmPath('s/a.webm', '.mp4'), 's/a.mp4');
  assert.equal(filmPath('s/a.mp4', '.mov'), 's/a.mov');
  assert.equal(filmPath('s/a.png', null), 's/a.png');
  assert.equal(filmPath('s/no extension', '.mp4'), 's/no extension.mp4');
});
