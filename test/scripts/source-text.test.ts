import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { lineAt, listImports, maskText } from '../../scripts/source-text.ts';

describe('maskText', () => {
  const cases: Record<string, [string, string]> = {
    'a line comment': ['a; // process.env\nb', 'a;               \nb'],
    'a block comment over lines': ['a /* x\n y */ b', 'a     \n      b'],
    'strings with quotes in them': [`f('it\\'s', "a'b")`, `f('     ', "   ")`],
    'a comment sign in a string': [`f('http://x') + 1`, `f('        ') + 1`],
    'a quote in a comment': ["a // don't\nf('x')", "a         \nf(' ')"],
    'a template with code in it': [`\`a \${b + \`c \${d} e\`} f\`; g`, `\`  \${b + \`  \${d}  \`}  \`; g`],
    'braces in the code of a template': [`\`\${ { a: 1 } }x\`;b`, `\`\${ { a: 1 } } \`;b`],
    'a regular expression': ["x = /['\"`]/g; y('z')", "x = /     /g; y(' ')"],
    'a slash in a class of a regular expression': ['x = /[/]a/; b', 'x = /    /; b'],
    'a division': ["a / b / c('d')", "a / b / c(' ')"],
    'a regular expression after return': ["return /'/.test(a)", 'return / /.test(a)'],
  };
  for (const [name, [text, masked]] of Object.entries(cases)) {
    test(name, () => {
      assert.equal(maskText(text), masked);
    });
  }
});

test('every way to name a module is found, and nothing in comments or strings', () => {
  const text = `
import { a } from './a.ts';
import type { B } from "@dailies/b";
import './c.ts';
export * from './d.ts';
export type {
  E,
} from './e.ts';
const f = await import('./f.ts');
type G = import('./g.ts').G;
const h = require('h');
const i = new URL('./i.ts', import.meta.url);
// import './no.ts'
const no = "import './no.ts'";
const url = new URL('./no.ts', base);
Array.from('no');
`;
  const found = listImports(text).map(({ kind, specifier, line }) => `${line} ${kind} ${specifier}`);
  assert.deepEqual(found, [
    '2 import ./a.ts',
    '3 import @dailies/b',
    '4 import ./c.ts',
    '5 import ./d.ts',
    '8 import ./e.ts',
    '9 lazy ./f.ts',
    '10 lazy ./g.ts',
    '11 lazy h',
    '12 path ./i.ts',
  ]);
});

test('lines are counted from one', () => {
  assert.deepEqual(
    [0, 1, 2, 3].map((offset) => lineAt('a\nb\n', offset)),
    [1, 1, 2, 2],
  );
});
