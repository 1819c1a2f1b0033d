import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { createStallJudge } from '../../src/kafka/stall.ts';

const state = { now: 0, busy: false, moved: 0, waiting: 3 };
const stalls: number[] = [];
beforeEach(() => {
  Object.assign(state, { now: 0, busy: false, moved: 0, waiting: 3 });
  stalls.length = 0;
});
const judge = () =>
  createStallJudge({
    stallMs: 100,
    activity: () => ({ busy: state.busy, moved: state.moved, partitions: [0] }),
    waiting: async () => {
      if (state.waiting < 0) throw new Error('the broker is away');
      return state.waiting;
    },
    onStall: (waiting) => stalls.push(waiting),
    now: () => state.now,
  });
const checks = async (check: () => Promise<void>, ...times: number[]): Promise<void> => {
  for (const now of times) {
    state.now = now;
    await check();
  }
};

test('work that waits while nothing moves is a stall', async () => {
  const check = judge();
  await checks(check, 0, 50, 99);
  assert.deepEqual(stalls, []);
  await checks(check, 100);
  assert.deepEqual(stalls, [3]);
});

test('it is none while a record is in hand, when one was done, or when nothing waits', async () => {
  const check = judge();
  await checks(check, 0, 90);
  state.moved++;
  await checks(check, 110, 190);
  state.busy = true;
  await checks(check, 300, 900);
  state.busy = false;
  state.waiting = 0;
  await checks(check, 950, 1900);
  state.waiting = 3;
  await checks(check, 1950, 1990);
  assert.deepEqual(stalls, []);
});

test('a broker that does not answer is not our stall', async () => {
  const check = judge();
  state.waiting = -1;
  await checks(check, 0, 200, 400);
  state.waiting = 3;
  await checks(check, 450);
  assert.deepEqual(stalls, []);
});
