import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { createSameTopicsJudge } from '../../src/kafka/same-topics.ts';

const ended: string[] = [];
let now = 0;
beforeEach(() => {
  ended.length = 0;
  now = 0;
});
const judging = () => {
  const judge = createSameTopicsJudge({ goneMs: 10, onEnd: ({ message }) => ended.push(message), now: () => now });
  return (at: number, found: Record<string, string | null>): void => {
    now = at;
    judge(new Map(Object.entries(found)));
  };
};

// The volume of a broker was removed while services ran: they stayed, unhealthy, until somebody started them again.
test('topics that are gone for longer than a moment end the process', () => {
  const look = judging();
  look(0, { events: 'a', graded: 'b' });
  look(1, { events: null, graded: null });
  look(10, { events: null, graded: null });
  assert.deepEqual(ended, []);
  look(11, { events: null, graded: null });
  assert.match(ended[0] ?? '', /^events, graded are gone on the broker.*finds what is to be done/);
});

test('one that is unknown for a moment, or cannot be asked for, does not', () => {
  const look = judging();
  look(0, { events: null });
  look(9, { events: 'a' });
  look(15, { events: null });
  look(20, {});
  look(24, { events: 'a' });
  look(50, {});
  look(51, { events: 'a' });
  assert.deepEqual(ended, []);
});

// After `dailies topics --create` all was healthy, and a recording in work stayed for ever: it was known from the old topic.
test('one that was made anew ends it at once, however short it was away', () => {
  const look = judging();
  look(0, { events: 'a', graded: 'b' });
  look(1, { events: 'c', graded: 'b' });
  assert.match(ended[0] ?? '', /^events was made anew/);
});
