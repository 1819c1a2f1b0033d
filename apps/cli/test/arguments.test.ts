import assert from 'node:assert/strict';
import { test } from 'node:test';
import { field } from '@dailies/service';
import { splitArguments } from '../src/arguments.ts';

const fields = [
  field({ env: 'LOOK', type: 'string', default: 'both', describe: '', example: 'x' }),
  field({ env: 'FORCE', type: 'boolean', default: false, describe: '', example: 'true' }),
];
const split = (...argv: string[]) => splitArguments(argv, fields, 2);

test('flags may stand before, between and after positional arguments', () => {
  assert.deepEqual(split('--look', 'none', 'in.mp4', '--force', 'out.mp4'), {
    flags: ['--look', 'none', '--force'],
    positionals: ['in.mp4', 'out.mp4'],
  });
  assert.deepEqual(split('in.mp4', '--look=none'), { flags: ['--look=none'], positionals: ['in.mp4'] });
});

test('a file whose name begins with a dash follows --', () => {
  assert.deepEqual(split('--force', '--', '--look', '-x.mp4'), {
    flags: ['--force'],
    positionals: ['--look', '-x.mp4'],
  });
});

test('one argument too many is refused by name', () => {
  assert.throws(() => split('a', 'b', 'c\n'), /"c\\n" is one too many/);
});
