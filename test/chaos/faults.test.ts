import assert from 'node:assert/strict';
import { test } from 'node:test';
import { random } from '../helpers/random.ts';
import { drawFault, FAULT_KINDS, type Fault, type Fleet } from './faults.ts';

const FLEET: Fleet = {
  members: { 'ingest-watcher': 1, 'frame-splitter': 2, 'filter-worker': 3, assembler: 2 },
  hasBroker: true,
  sessionMs: 12_000,
};

function draw(seed: number, count: number, fleet: Fleet = FLEET): Fault[] {
  const next = random(seed);
  return Array.from({ length: count }, (_, number) => drawFault(next, number, fleet));
}

test('a seed names the same faults each time, and another seed names others', () => {
  assert.deepEqual(draw(7, 50), draw(7, 50));
  assert.notDeepEqual(draw(7, 50), draw(8, 50));
});

test('two hundred faults hit everything in every way, and at times all processes of a service', () => {
  const faults = draw(20261126, 200);
  for (const target of [...Object.keys(FLEET.members), 'broker'])
    for (const kind of FAULT_KINDS)
      assert.ok(
        faults.some((fault) => fault.target === target && fault.kind === kind),
        `${kind} of ${target}`,
      );
  for (const target of ['frame-splitter', 'filter-worker', 'assembler'])
    assert.ok(
      faults.some((fault) => fault.target === target && fault.member === 'all'),
      target,
    );
  for (const event of ['any', 'splitting', 'split-complete', 'assembling'])
    assert.ok(
      faults.some(({ moment }) => moment.event === event),
      event,
    );
  for (const withChildren of [true, false]) assert.ok(faults.some((fault) => fault.withChildren === withChildren));
});

test('members are those that there are', () => {
  for (const { target, member } of draw(3, 500)) {
    if (member === 'all') assert.notEqual(target, 'ingest-watcher', 'one of one is no "all"');
    else assert.ok(member >= 0 && member < (target === 'broker' ? 1 : FLEET.members[target]), `${target} ${member}`);
  }
});

test('most frozen services are frozen for longer than their session; a broker never is', () => {
  const frozen = draw(5, 600).filter(({ kind }) => kind === 'freeze');
  const services = frozen.filter(({ target }) => target !== 'broker');
  const zombies = services.filter(({ forMs }) => forMs > FLEET.sessionMs);
  assert.ok(zombies.length > services.length / 2 && zombies.length < services.length);
  for (const { target, forMs } of frozen) if (target === 'broker') assert.ok(forMs < FLEET.sessionMs / 2);
});

test('without a broker none is hit, and the faults of the others are the same', () => {
  const withBroker = draw(11, 300);
  const without = draw(11, 300, { ...FLEET, hasBroker: false });
  assert.ok(without.every(({ target }) => target !== 'broker'));
  for (const [i, fault] of withBroker.entries()) if (fault.target !== 'broker') assert.deepEqual(without[i], fault);
});
