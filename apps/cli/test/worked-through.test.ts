import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordingStatus } from '@dailies/contracts';
import { workedThrough } from '../src/pipeline.ts';
import { eventsOf, statusesOf } from './helpers.ts';

const [one, two] = [eventsOf(1), eventsOf(2)];
const inWork = statusesOf(one.found(), one.splitting());
const done = statusesOf(one.found(), one.splitting(), one.finished());

/** A view that shows one state after the other, one more at each change, and ends the test when it is asked too often. */
function fakeView(...states: RecordingStatus[][]) {
  let at = 0;
  let asked = 0;
  return {
    all: () => states[Math.min(at, states.length - 1)] ?? [],
    async changed() {
      // A loop of microtasks lets no timer through: only this can end it.
      if (++asked > 1000) throw new Error('it spins');
      at++;
    },
    asked: () => asked,
  };
}

test('it waits until all that was found has ended, and looks once more for what that left behind', async () => {
  let scans = 0;
  const replaced = [...done, ...statusesOf(two.found())];
  const view = fakeView(inWork, done, replaced, [...done, ...statusesOf(two.found(), two.finished())]);
  const watcher = {
    async settled() {
      // The second look finds a file that has taken the place of the first.
      if (++scans === 2) await view.changed();
    },
  };
  await workedThrough({ view, watcher }, new AbortController().signal);
  assert.equal(scans, 3);
});

// A signal during `run --once`: the watcher had stopped and the view was closed, both answered at once, and a recording
// that was still in work kept the loop turning at 100 % of a core, for ever.
test('a stop ends the waiting, whatever is still in work', async () => {
  const stopping = new AbortController();
  const view = fakeView(inWork);
  const watcher = {
    async settled() {
      stopping.abort();
    },
  };
  await workedThrough({ view, watcher }, stopping.signal);
  assert.equal(view.asked(), 0);
});

test('a stop is heard at the next event, too', async () => {
  const stopping = new AbortController();
  const view = fakeView(inWork);
  const changed = async (): Promise<void> => {
    stopping.abort();
    await view.changed();
  };
  await workedThrough({ view: { ...view, changed }, watcher: { async settled() {} } }, stopping.signal);
  assert.equal(view.asked(), 1);
});
