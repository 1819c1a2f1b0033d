import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DailiesError } from '@dailies/contracts';
import { field, libraryFields } from '@dailies/service';
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

// `run --recordigns rec` complained of the argument "rec", not of the flag that was mistyped.
test('an argument that follows a mistyped flag is not what is wrong', () => {
  assert.throws(() => split('--lok', 'none', 'a', 'b'), /There is no option --lok\. Did you mean --look\?/);
});

test('a folder that was given by itself: how to name it', () => {
  const refused = (() => {
    try {
      splitArguments(['my recordings'], [...libraryFields], 0);
    } catch (error) {
      return error as DailiesError;
    }
    return assert.fail('it was accepted');
  })();
  assert.match(refused.message, /"my recordings" is one too many/);
  assert.equal(refused.details.todo, "A folder of recordings is named with --recordings 'my recordings'");
});
