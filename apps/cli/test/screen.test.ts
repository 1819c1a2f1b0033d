import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createScreen } from '../src/screen.ts';
import { fakeOutput } from './helpers.ts';

/** What a terminal shows after these bytes; knows cursor up, carriage return, and erasing to the end of the screen. */
function shown(bytes: string): string[] {
  const rows: string[] = [''];
  let at = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences that are interpreted
  for (const [token, up] of bytes.matchAll(/\x1b\[(\d+)A|\x1b\[J|\n|\r|[^\x1b\n\r]+/g)) {
    if (up) at -= Number(up);
    else if (token === '\x1b[J') rows.length = at + 1;
    else if (token === '\n') rows[++at] ??= '';
    else if (token !== '\r') rows[at] = token;
    if (token === '\x1b[J') rows[at] = '';
  }
  return rows;
}

test('lines that stay are above the live lines, which are redrawn in place', () => {
  const output = fakeOutput({ isTerminal: true });
  const screen = createScreen(output);
  screen.live(['a 1 %', 'b 1 %']);
  screen.print('found c\n');
  screen.live(['a 2 %', 'b 2 %', 'c 0 %']);
  assert.deepEqual(shown(output.text()), ['found c', 'a 2 %', 'b 2 %', 'c 0 %', '']);
});

test('fewer live lines leave nothing behind, and the end leaves none', () => {
  const output = fakeOutput({ isTerminal: true });
  const screen = createScreen(output);
  screen.live(['a', 'b', 'c']);
  screen.live(['c']);
  assert.deepEqual(shown(output.text()), ['c', '']);
  screen.print('done\n');
  screen.end();
  assert.deepEqual(shown(output.text()), ['done', '']);
});

test('lines that wrap since the terminal became narrower are erased whole', () => {
  let columns = 20;
  let written = '';
  const screen = createScreen({
    write: (text) => {
      written += text;
    },
    isLost: () => false,
    isTerminal: true,
    columns: () => columns,
    rows: () => 24,
  });
  screen.live(['0123456789ab']);
  columns = 5;
  screen.end();
  assert.ok(written.endsWith('\x1b[3A\r\x1b[J'));
});

test('what has not changed is not written again', () => {
  const output = fakeOutput({ isTerminal: true });
  const screen = createScreen(output);
  screen.live(['a']);
  const before = output.text();
  screen.live(['a']);
  assert.equal(output.text(), before);
});

test('without a terminal only lines that stay are written, and no control sequence', () => {
  const output = fakeOutput();
  const screen = createScreen(output);
  screen.live(['a 1 %']);
  screen.print('found\n');
  screen.end();
  assert.equal(output.text(), 'found\n');
});
