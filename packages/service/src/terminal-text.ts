import { stripVTControlCharacters } from 'node:util';

/** Text on a terminal is measured in columns, not in characters: an ideograph takes two, a combining accent none. */

const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f1e6}-\u{1f1ff}\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const ZERO = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

function graphemes(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** Columns of one grapheme (what a reader takes for one character). Ranges: Unicode's East Asian Width W and F. */
function columnsOf(grapheme: string): number {
  if (ZERO.test(grapheme)) return 0;
  return WIDE.test(grapheme) || grapheme.includes('\ufe0f') ? 2 : 1;
}

/** Columns that a text takes; our own colours take none. */
export function widthOf(text: string): number {
  return graphemes(stripVTControlCharacters(text)).reduce((sum, grapheme) => sum + columnsOf(grapheme), 0);
}

/** The text in at most `columns`, with `…` in place of its middle when it is too long: both ends of a path tell most. */
export function fitMiddle(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns < 1) return '';
  const parts = graphemes(text);
  const headRoom = Math.floor((columns - 1) / 3);
  const head = takeColumns(parts, headRoom);
  const tail = takeColumns(parts.toReversed(), columns - 1 - widthOf(head.join(''))).toReversed();
  return `${head.join('')}…${tail.join('')}`;
}

/** The text in at most `columns`, with `…` at its end when it is too long. */
export function fitEnd(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns < 1) return '';
  return `${takeColumns(graphemes(text), columns - 1).join('')}…`;
}

function takeColumns(parts: readonly string[], columns: number): string[] {
  const taken: string[] = [];
  let used = 0;
  for (const part of parts) {
    used += columnsOf(part);
    if (used > columns) break;
    taken.push(part);
  }
  return taken;
}

/** Filled up with blanks to `columns`. */
export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}

/** Lines of at most `columns`, broken at blanks; a word that is longer has a line of its own. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line && widthOf(line) + 1 + widthOf(word) > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line ? `${line} ${word}` : word;
    }
  }
  return [...lines, line];
}

/** Rows under their headings, each column as wide as its widest cell; numbers stand at the right. */
export function tableText(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, i) => Math.max(...[heading, ...rows.map((row) => row[i] ?? '')].map(widthOf)));
  const isNumber = headings.map((_, i) => rows.length > 0 && rows.every((row) => /^\d*$/.test(row[i] ?? '')));
  const line = (cells: readonly string[]): string =>
    widths
      .map((width, i) => {
        const filled = padEnd('', width - widthOf(cells[i] ?? ''));
        return isNumber[i] ? `${filled}${cells[i] ?? ''}` : `${cells[i] ?? ''}${filled}`;
      })
      .join('  ')
      .trimEnd();
  return [headings, ...rows].map((cells) => `${line(cells)}\n`).join('');
}
