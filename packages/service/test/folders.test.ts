import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DailiesError, type RecordingStatus } from '@dailies/contracts';
import { createLogger, makeFolders } from '../src/index.ts';

const absent = new DailiesError('FOLDER_ABSENT', 'The recordings folder is empty.');

/** A folder whose disk is not there for the first `times` looks. */
function stage(states: readonly string[], times: number) {
  const done: string[] = [];
  const ending = new AbortController();
  const library = {
    async absent() {
      done.push('look');
      return times-- > 0 ? absent : null;
    },
    async ensure() {
      done.push('ensure');
      return ['made one'];
    },
  };
  const lines: string[] = [];
  const log = createLogger({
    level: 'info',
    format: 'json',
    preferText: false,
    color: false,
    write: (line) => lines.push(JSON.parse(line).msg),
  });
  const view = { all: () => states.map((state) => ({ state }) as RecordingStatus) };
  return { done, lines, ending, options: { library, view, log, signal: ending.signal, pollMs: 1 } };
}

// The splitter failed all that was under way, and the assembler made new folders where the disk was to be mounted.
test('while recordings are under way nothing is made in the place of a disk; that is said once', async () => {
  const { done, lines, options } = stage(['finished', 'grading'], 3);
  await makeFolders(options);
  assert.deepEqual(done, ['look', 'look', 'look', 'look', 'ensure']);
  assert.deepEqual(lines, [absent.message, 'the recordings folder is there; work goes on', 'made one']);
});

test('with nothing under way an empty folder is a new one', async () => {
  const { done, options } = stage(['finished', 'failed'], 3);
  await makeFolders(options);
  assert.deepEqual(done, ['ensure']);
});

test('a stop ends the waiting, and nothing is made', async () => {
  const { done, options, ending } = stage(['found'], Number.POSITIVE_INFINITY);
  const waiting = makeFolders(options);
  ending.abort();
  await waiting;
  assert.ok(!done.includes('ensure'));
});
