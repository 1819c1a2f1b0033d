import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { DailiesError, TOPICS } from '@dailies/contracts';
import { BASE, collect, GROUP, Happenings, type MakeBus, message, setUp, TIMEOUT, textOf } from './harness.ts';

/** What becomes of records whose handler fails. */
export function failureTests(makeBus: MakeBus): void {
  test('a failed record is tried again: attempts count up, delays grow to their cap', TIMEOUT, async (t) => {
    const { open, work } = await setUp(t, makeBus);
    const bus = await open();
    const attempts = new Happenings<number>();
    const delays: number[] = [];
    const codes: string[] = [];
    const done = Promise.withResolvers<void>();
    await bus.publish([message(work, 'k', 'x')]);
    await bus.consume({
      ...BASE,
      topic: work,
      group: GROUP,
      attempts: 5,
      backoff: { initialMs: 4, factor: 3, maxMs: 20 },
      async handler({ attempt }) {
        attempts.add(attempt);
        if (attempt < 5) throw new DailiesError('FFMPEG_FAILED', 'once more');
        done.resolve();
      },
      onRetry(_record, error, delayMs) {
        codes.push(error.code);
        delays.push(delayMs);
      },
    });
    await done.promise;
    assert.deepEqual(attempts.all, [1, 2, 3, 4, 5]);
    assert.deepEqual(delays, [4, 12, 20, 20]);
    assert.deepEqual(new Set(codes), new Set(['FFMPEG_FAILED']));
  });

  test(
    'an error that no retry can help sends the record to the dead letters at once, with its reason',
    TIMEOUT,
    async (t) => {
      const { open, work, answers } = await setUp(t, makeBus);
      const bus = await open();
      const [dead, answered] = [await collect(bus, TOPICS.deadLetters, work), await collect(bus, answers)];
      const value = Uint8Array.of(0, 255, 128, 10);
      const published = Date.now();
      await bus.publish([
        { topic: work, key: 'k', partition: 1, headers: { manifest: '{}' }, value },
        { topic: work, key: 'k', partition: 1, value: new TextEncoder().encode('next') },
      ]);
      const offsets: string[] = [];
      const retried: string[] = [];
      const next = new Happenings<string>();
      await bus.consume({
        ...BASE,
        topic: work,
        group: GROUP,
        async handler(record) {
          if (textOf(record) === 'next') return next.add(record.key);
          offsets.push(record.offset);
          throw new DailiesError('FRAMES_MISMATCH', '239 frames of 240');
        },
        onRetry: (_record, error) => retried.push(error.code),
        onDeadLetter: (record, error) => [message(answers, record.key, `given up: ${error.code}`)],
      });
      const [letter] = await dead.first(1);
      assert.deepEqual([letter?.key, [...(letter?.value ?? [])]], ['k', [...value]]);
      const { 'dead-letter-at': at = '', ...headers } = letter?.headers ?? {};
      assert.deepEqual(headers, {
        manifest: '{}',
        'dead-letter-topic': work,
        'dead-letter-partition': '1',
        'dead-letter-offset': offsets[0],
        'dead-letter-group': GROUP,
        'dead-letter-worker': `${hostname()}:${process.pid}`,
        'dead-letter-attempts': '1',
        'dead-letter-code': 'FRAMES_MISMATCH',
        'dead-letter-reason': '239 frames of 240',
      });
      assert.ok(Date.parse(at) >= published - 1 && Date.parse(at) <= Date.now(), at);
      assert.deepEqual((await answered.first(1)).map(textOf), ['given up: FRAMES_MISMATCH']);
      await next.first(1);
      assert.deepEqual([offsets.length, retried], [1, []]);
    },
  );

  test('attempts that are used up end in the dead letters', TIMEOUT, async (t) => {
    const { open, work } = await setUp(t, makeBus);
    const bus = await open();
    const dead = await collect(bus, TOPICS.deadLetters, work);
    const attempts: number[] = [];
    await bus.publish([message(work, 'k', 'x')]);
    await bus.consume({
      ...BASE,
      topic: work,
      group: GROUP,
      attempts: 3,
      async handler({ attempt }) {
        attempts.push(attempt);
        throw new Error('unforeseen');
      },
      onDeadLetter: () => {
        throw new Error('this callback is broken');
      },
    });
    const [letter] = await dead.first(1);
    assert.deepEqual(attempts, [1, 2, 3]);
    assert.partialDeepStrictEqual(letter?.headers, {
      'dead-letter-attempts': '3',
      'dead-letter-code': 'INTERNAL',
      'dead-letter-reason': 'unforeseen',
    });
  });

  test('a fault of the environment is waited for beyond the attempts, and uses none of them up', TIMEOUT, async (t) => {
    const { open, work } = await setUp(t, makeBus);
    const bus = await open();
    const attempts: number[] = [];
    const done = Promise.withResolvers<void>();
    await bus.publish([message(work, 'k', 'x')]);
    await bus.consume({
      ...BASE,
      topic: work,
      group: GROUP,
      attempts: 3,
      async handler({ attempt }) {
        attempts.push(attempt);
        if (attempt <= 6) throw new DailiesError('DISK_FULL', 'no space');
        if (attempt <= 8) throw new DailiesError('FFMPEG_FAILED', 'once more');
        done.resolve();
      },
    });
    await done.promise;
    assert.deepEqual(attempts, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('waitAttempts bounds the waiting', TIMEOUT, async (t) => {
    const { open, work } = await setUp(t, makeBus);
    const bus = await open();
    const dead = await collect(bus, TOPICS.deadLetters, work);
    await bus.publish([message(work, 'k', 'x')]);
    await bus.consume({
      ...BASE,
      topic: work,
      group: GROUP,
      attempts: 2,
      waitAttempts: 4,
      handler: () => Promise.reject(new DailiesError('PERMISSION_DENIED', 'closed')),
    });
    const [letter] = await dead.first(1);
    assert.partialDeepStrictEqual(letter?.headers, {
      'dead-letter-attempts': '4',
      'dead-letter-code': 'PERMISSION_DENIED',
    });
  });

  test('a record that waits for its retry holds its key back, and no other', TIMEOUT, async (t) => {
    const { open, work } = await setUp(t, makeBus);
    const bus = await open();
    const handled: string[] = [];
    const otherDone = Promise.withResolvers<void>();
    const allDone = Promise.withResolvers<void>();
    await bus.publish([
      message(work, 'bad', 'bad 1', 0),
      message(work, 'bad', 'bad 2', 0),
      message(work, 'good', 'good 1', 1),
      message(work, 'good', 'good 2', 1),
    ]);
    await bus.consume({
      ...BASE,
      topic: work,
      group: GROUP,
      concurrency: 2,
      async handler(record) {
        const value = textOf(record);
        // The second attempt ends only after the other key is through: were that held back, nothing would go on.
        if (value === 'bad 1' && record.attempt === 2) await otherDone.promise;
        handled.push(`${value}, attempt ${record.attempt}`);
        if (value === 'bad 1' && record.attempt < 3) throw new Error('not yet');
        if (value === 'good 2') otherDone.resolve();
        if (value === 'bad 2') allDone.resolve();
      },
    });
    await allDone.promise;
    const ofKey = (key: string) => handled.filter((line) => line.startsWith(key));
    assert.deepEqual(ofKey('bad'), ['bad 1, attempt 1', 'bad 1, attempt 2', 'bad 1, attempt 3', 'bad 2, attempt 1']);
    assert.deepEqual(ofKey('good'), ['good 1, attempt 1', 'good 2, attempt 1']);
  });
}
