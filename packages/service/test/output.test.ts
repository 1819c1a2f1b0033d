import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type OutputStream, safeOutput } from '@dailies/service';

/** A stream on a file; what is written to the stream itself is a failure of the test. */
function streamOn(t: TestContext, path: string): OutputStream {
  const fd = openSync(path, 'a');
  t.after(() => closeSync(fd));
  return { fd, write: () => assert.fail('written through the stream') };
}

test('a full disk is told once, and ends nothing', (t) => {
  const told: (string | undefined)[] = [];
  const output = safeOutput(streamOn(t, '/dev/full'), ({ code }) => told.push(code));
  assert.equal(output.isLost(), false);
  for (const line of ['a\n', 'b\n']) output.write(line);
  assert.deepEqual(told, ['ENOSPC']);
  assert.equal(output.isLost(), true);
});

test('a file gets every byte', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'dailies-output-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const output = safeOutput(streamOn(t, join(folder, 'log')), () => assert.fail('lost'));
  for (const line of ['één\n', 'x'.repeat(1_000_000)]) output.write(line);
  assert.equal(readFileSync(join(folder, 'log'), 'utf8'), `één\n${'x'.repeat(1_000_000)}`);
});

test('a reader that has gone is no loss; another failure of a pipe is', () => {
  const told: (string | undefined)[] = [];
  let emit: (error: NodeJS.ErrnoException) => void = () => assert.fail('nobody listens');
  const stream: OutputStream = {
    write: () => true,
    on(_event, listener) {
      emit = listener;
    },
  };
  const output = safeOutput(stream, ({ code }) => told.push(code));
  emit(Object.assign(new Error('gone'), { code: 'EPIPE' }));
  assert.equal(output.isLost(), false);
  emit(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
  assert.deepEqual([told, output.isLost()], [['ECONNRESET'], true]);
});
