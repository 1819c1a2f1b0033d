import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DailiesError } from '@dailies/contracts';
import { examine } from '../../src/doctor/examine.ts';
import { fail, ok, warn } from '../../src/doctor/finding.ts';
import { doctorText } from '../../src/doctor/text.ts';
import { HOSTILE_NAME, RAW_CONTROL, temporaryFolder } from '../helpers.ts';
import { inputOf } from './input.ts';

test('a check that throws or hangs is a line, and the others are run', async (t) => {
  const input = inputOf(temporaryFolder(t), { make: false });
  const findings = await examine(
    [
      { name: 'one', run: () => Promise.reject(new DailiesError('DISK_FULL', 'No room.')) },
      { name: 'two', run: () => new Promise(() => {}) },
      { name: 'three', run: async () => [ok('three', 'fine')] },
      {
        name: 'four',
        run() {
          throw new Error('at once');
        },
      },
    ],
    input,
    20,
  );
  assert.deepEqual(
    findings.map(({ level, check, found }) => [level, check, found]),
    [
      ['fail', 'one', 'could not be checked: No room. (DISK_FULL)'],
      ['fail', 'two', 'could not be checked: no answer within 0 s'],
      ['ok', 'three', 'fine'],
      ['fail', 'four', 'could not be checked: at once'],
    ],
  );
});

test('the text: a line each, what to do below it, and a sum', () => {
  const text = doctorText([ok('bus', 'answers'), warn('space', 'little', 'Free some.'), fail('a', 'b', 'c')], {
    columns: 80,
    color: false,
  });
  assert.equal(
    text,
    `ok    bus    answers
warn  space  little
             → Free some.
fail  a      b
             → c

1 failure, 1 warning; 1 ok.
`,
  );
  const colored = doctorText([ok('bus', 'answers')], { columns: 80, color: true });
  assert.equal(colored, '\x1b[32mok    \x1b[0mbus  answers\n\nAll is well.\n');
});

test('hostile names stay on their line', () => {
  const text = doctorText([fail('a', HOSTILE_NAME, HOSTILE_NAME)], { columns: 500, color: false });
  assert.doesNotMatch(text, RAW_CONTROL);
  assert.equal(text.split('\n').length, 5);
});
