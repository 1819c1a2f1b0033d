import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DailiesError, ERRORS, type ErrorCode } from '@dailies/contracts';
import { errorLines, refusal } from '../src/report.ts';
import { HOSTILE_NAME, RAW_CONTROL } from './helpers.ts';

const lines = (error: unknown, withStack = false): string[] => errorLines(error, { withStack });

test('one line says what happened, one what to do', () => {
  assert.deepEqual(lines(refusal('There is no x.', 'Make one.')), ['dailies: There is no x.', '  Make one.']);
  assert.deepEqual(lines(new DailiesError('LOOK_UNKNOWN', 'There is no look "x".')), [
    'dailies: There is no look "x".',
    `  ${ERRORS.LOOK_UNKNOWN.todo}`,
  ]);
});

test('every code comes with advice', () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[])
    assert.ok(lines(new DailiesError(code, 'x')).length >= 2, code);
});

test('the stack, with its causes, only when someone debugs', () => {
  const error = new DailiesError('IO_FAILED', 'x', { cause: new Error('the disk said no') });
  assert.equal(lines(error).length, 2);
  assert.match(lines(error, true).join('\n'), /at .*report\.test[\s\S]*caused by Error: the disk said no/);
});

test('an error that nobody foresaw says how to see more', () => {
  assert.match(lines(new TypeError('x is undefined')).join('\n'), /LOG_LEVEL=debug/);
});

test('nothing in an error can forge a line', () => {
  for (const line of lines(new DailiesError('IO_FAILED', HOSTILE_NAME, { cause: new Error(HOSTILE_NAME) }), true)) {
    assert.doesNotMatch(line, RAW_CONTROL);
    assert.ok(!line.includes('\n'));
  }
});
