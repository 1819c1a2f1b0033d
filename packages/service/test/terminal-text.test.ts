import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitEnd, fitMiddle, padEnd, widthOf, wrap } from '../src/terminal-text.ts';

test('width is counted in columns: ideographs and emoji take two, accents and joiners none, colours none', () => {
  const widths: [string, number][] = [
    ['abc', 3],
    ['会議', 4],
    ['한국어', 6],
    ['é', 1],
    ['e\u0301', 1],
    ['a\u200bb', 2],
    ['👍', 2],
    ['👩‍💻', 2],
    ['🇩🇪', 2],
    ['❤️', 2],
    ['\x1b[31mred\x1b[0m', 3],
    ['…–“”', 4],
  ];
  for (const [text, width] of widths) assert.equal(widthOf(text), width, JSON.stringify(text));
});

test('a path that is too long keeps both ends and never exceeds its columns', () => {
  assert.equal(fitMiddle('short.mp4', 20), 'short.mp4');
  assert.equal(fitMiddle('abcdefghijklmnopqrstuvwxyz.mp4', 13), 'abcd…wxyz.mp4');
  for (let columns = 0; columns < 30; columns++) {
    assert.ok(widthOf(fitMiddle('会議会議会議👩‍💻 e\u0301 meeting.mp4', columns)) <= columns, `${columns} columns`);
    assert.ok(widthOf(fitEnd('会議会議会議👩‍💻 e\u0301 meeting.mp4', columns)) <= columns, `${columns} columns`);
  }
});

test('padding counts columns too', () => {
  assert.equal(padEnd('会', 4), '会  ');
  assert.equal(padEnd('abcdef', 4), 'abcdef');
});

test('text is broken at blanks; a long word has a line of its own', () => {
  assert.deepEqual(wrap('aa bb cc dd', 5), ['aa bb', 'cc dd']);
  assert.deepEqual(wrap('a very-long-word b', 6), ['a', 'very-long-word', 'b']);
});
