import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ERRORS } from '@dailies/contracts';
import { readTree } from '../scripts/boundaries.ts';
import { lineAt, maskText } from '../scripts/source-text.ts';

/** Every error that can be reported is in the table and in the manual, and nothing is there that no code reports. */
const root = fileURLToPath(new URL('..', import.meta.url));
const CODES = Object.keys(ERRORS);

/** Strings in the code of the product that look like a code, with what stands before them. */
function literals(): { code: string; place: string; thrown: boolean }[] {
  const sources = [...readTree(root).files].filter(([path]) => /^(?:packages|services|apps)\/[^/]+\/src\//.test(path));
  return sources.flatMap(([path, text]) => {
    const masked = maskText(text);
    return [...text.matchAll(/(['"`])([A-Z][A-Z0-9_]*)\1/g)]
      .filter((match) => masked[match.index] === match[1])
      .map((match) => ({
        code: match[2] as string,
        place: `${path}:${lineAt(text, match.index)}`,
        thrown: /\bDailiesError\(\s*$/.test(masked.slice(0, match.index)),
      }));
  });
}

test('every code that is thrown is in the table', () => {
  const thrown = literals().filter((each) => each.thrown);
  assert.ok(thrown.length > 20, `only ${thrown.length} were found: has the way of throwing changed?`);
  assert.deepEqual(
    thrown.filter(({ code }) => !CODES.includes(code)),
    [],
  );
});

test('every code of the table is used', () => {
  const used = new Set(literals().map(({ code }) => code));
  assert.deepEqual(
    CODES.filter((code) => !used.has(code)),
    [],
    'no code of the product names these',
  );
});

test('the manual lists every code, and no other', async () => {
  const page = await readFile(`${root}docs/reference/errors.md`, 'utf8');
  const listed = [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map((match) => match[1]);
  assert.deepEqual(listed, CODES);
});
