import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Member, share } from '../../src/kafka/assigner.ts';

const partitions = Array.from({ length: 48 }, (_, index) => index);
const member = (id: string, owned: readonly number[] = [], busy: readonly number[] = [], slots = 1): Member => ({
  id,
  owned,
  busy,
  slots,
});
/** The members as they are after a rebalance. */
const after = (shares: ReadonlyMap<string, number[]>): Member[] =>
  [...shares].map(([id, owned]) => member(id, owned, owned.slice(0, 1)));
const sizes = (shares: ReadonlyMap<string, number[]>): number[] => [...shares.values()].map((mine) => mine.length);

test('every partition goes to exactly one member, and the shares differ by one at most', () => {
  for (const count of [1, 2, 3, 5, 7, 31, 47, 48]) {
    const shares = share(
      partitions,
      Array.from({ length: count }, (_, index) => member(`m${index}`)),
    );
    assert.deepEqual(
      [...shares.values()].flat().sort((a, b) => a - b),
      partitions,
    );
    assert.ok(Math.max(...sizes(shares)) - Math.min(...sizes(shares)) <= 1, `${count} members: ${sizes(shares)}`);
  }
});

test('more members than partitions: those who had one keep it, the rest have none', () => {
  const had = share([0, 1], [member('b'), member('c')]);
  const shares = share([0, 1], [member('a'), ...after(had)]);
  assert.deepEqual(Object.fromEntries(shares), { a: [], ...Object.fromEntries(had) });
});

test('a member that comes takes idle partitions; none that is worked on moves', () => {
  let shares = share(partitions, [member('m0')]);
  for (let count = 1; count < 40; count++) {
    const before = after(shares);
    shares = share(partitions, [...before, member(`m${count}`)]);
    for (const { id, busy } of before)
      for (const partition of busy) assert.ok(shares.get(id)?.includes(partition), `${id} lost ${partition}`);
  }
});

test('a member that goes leaves its partitions to others, who keep all of theirs', () => {
  const before = share(partitions, [member('a'), member('b'), member('c')]);
  const shares = share(
    partitions,
    after(before).filter(({ id }) => id !== 'b'),
  );
  for (const id of ['a', 'c'])
    for (const partition of before.get(id) ?? []) assert.ok(shares.get(id)?.includes(partition));
  assert.deepEqual(sizes(shares), [24, 24]);
});

test('shares go by slots, and everybody gets one partition where there are enough', () => {
  assert.deepEqual(sizes(share(partitions, [member('a', [], [], 2), member('b', [], [], 6)])), [13, 35]);
  assert.deepEqual(sizes(share([0, 1, 2, 3], [member('a', [], [], 100), member('b')])), [3, 1]);
  assert.deepEqual(sizes(share([0, 1], [member('a', [], [], 0), member('b')])), [1, 1]);
});

test('what two members claim, and what does not exist, is given once or not at all', () => {
  const shares = share([0, 1], [member('a', [0, 1, 7], [7]), member('b', [0, 1])]);
  assert.deepEqual([...shares.values()].flat().sort(), [0, 1]);
});
