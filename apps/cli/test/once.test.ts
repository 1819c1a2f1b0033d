import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DailiesEvent } from '@dailies/contracts';
import { exitCodeOfOnce, isSettled, outcomeOf } from '../src/once.ts';
import { outcomeText } from '../src/once-text.ts';
import { eventsOf, HOSTILE_NAME, idOf, RAW_CONTROL, statusesOf } from './helpers.ts';

const [one, two, three] = [eventsOf(1), eventsOf(2), eventsOf(3)];
const film = [one.found(), one.splitting(), one.finished()];
const failure = [two.found(), two.splitting(), two.failed({ code: 'FFMPEG_FAILED', reason: 'ffmpeg said no.' })];

function outcome(events: DailiesEvent[], touched: number[], there: string[] = []) {
  return outcomeOf(statusesOf(...events), new Set(touched.map(idOf)), (path) => there.includes(path));
}
const names = (statuses: readonly { readonly path: string }[]): string[] => statuses.map((status) => status.path);

test('0 when every recording became a film, also when there was none', () => {
  assert.equal(exitCodeOfOnce(outcome(film, [1]), 0), 0);
  assert.equal(exitCodeOfOnce(outcome([], []), 0), 0);
});

test('3 when one failed or was quarantined, or a folder could not be read, or it was stopped half-way', () => {
  assert.equal(exitCodeOfOnce(outcome([...film, ...failure], [1, 2]), 0), 3);
  assert.equal(exitCodeOfOnce(outcome([three.quarantined()], [3]), 0), 3);
  assert.equal(exitCodeOfOnce(outcome(film, [1]), 1), 3);
  const stopped = outcome([one.found(), one.splitting()], [1]);
  assert.equal(exitCodeOfOnce(stopped, 0), 3);
  assert.deepEqual(names(stopped.unfinished), ['r1.mp4']);
});

test('what failed in an earlier run counts while its file lies there, and not when it is gone', () => {
  assert.deepEqual(names(outcome(failure, [], ['r2.mp4']).failed), ['r2.mp4']);
  assert.equal(exitCodeOfOnce(outcome(failure, [], ['r2.mp4']), 0), 3);
  assert.equal(exitCodeOfOnce(outcome(failure, []), 0), 0);
});

test('films of earlier runs are not told again', () => {
  assert.deepEqual(outcome(film, [], ['r1.mp4']).films, []);
});

test('a file that was replaced and then became a film is no failure', () => {
  const replaced = [
    two.found({ path: 'x.mp4' }),
    two.failed({ code: 'RECORDING_CHANGED' }),
    three.found({ path: 'x.mp4' }),
    three.finished(),
  ];
  const result = outcome(replaced, [2, 3]);
  assert.deepEqual(result.failed, []);
  assert.equal(exitCodeOfOnce(result, 0), 0);
});

test('it is settled when nothing is in hand', () => {
  assert.equal(isSettled(statusesOf(...film, ...failure)), true);
  assert.equal(isSettled(statusesOf(...film, three.found())), false);
  assert.equal(isSettled(statusesOf(...failure, two.found({ run: 1 }))), false, 'replayed');
});

test('the summary names each failure with its reason, what to do, and its id', () => {
  const events = [...film, ...failure, three.quarantined()];
  const problem = { message: '/srv/r/closed cannot be read.' };
  assert.equal(
    outcomeText(outcome(events, [1, 2, 3]), [problem]),
    `1 film made, 2 failed.
r2.mp4: failed: FFMPEG_FAILED: ffmpeg said no.
  Read the last lines of its output in the message.
  Again: dailies replay ${idOf(2)}
r3.mp4: quarantined: RECORDING_NO_MOOV: No moov.
  Repair it with a tool such as untrunc and a good recording of the same Jibri; the repaired file is picked up by itself.
  Again: dailies replay ${idOf(3)}
/srv/r/closed cannot be read.
`,
  );
});

test('a hostile name cannot forge a line of the summary', () => {
  const text = outcomeText(outcome([two.quarantined({ path: HOSTILE_NAME, reason: HOSTILE_NAME })], [2]), []);
  assert.doesNotMatch(text, RAW_CONTROL);
  assert.equal(text.split('\n').filter((line) => line.includes('forged')).length, 1);
});
