import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { BASE, Happenings, message, textOf } from '../../src/conformance/harness.ts';
import { openKafka } from '../../src/kafka/open.ts';
import type { TopicRules } from '../../src/rules.ts';
import { plainAdmin, QUICK, settingsFor } from '../helpers/kafka.ts';

/** What is done is deleted; what somebody still has to do is not. */
export function trimTests(broker: () => Promise<{ readonly address: string }>): void {
  const beginsAt = async (admin: Admin, topic: string): Promise<string | undefined> =>
    (await admin.fetchTopicOffsets(topic)).find(({ partition }) => partition === 0)?.low;
  const reaches = async (admin: Admin, topic: string, low: string): Promise<void> => {
    while ((await beginsAt(admin, topic)) !== low) await sleep(50);
  };

  test('a topic that carries work begins at the first record that one of its groups has not done', {
    timeout: 120_000,
  }, async (t) => {
    const { address } = await broker();
    const admin = await plainAdmin(t, address);
    const [work, kept] = [`trimmed-${process.pid}`, `kept-${process.pid}`];
    const rules = { groups: ['fast', 'slow'] };
    const topics: Record<string, TopicRules> = {
      [work]: { ...rules, keep: 'until-acknowledged' },
      [kept]: { ...rules, keep: { forMs: 86_400_000 } },
    };
    const tuning = { ...QUICK, trimMs: 100 };
    const bus = await openKafka(settingsFor(address), { clientId: 'test' }, { topics, defaultPartitions: 4, tuning });
    t.after(() => bus.close());
    for (const topic of [work, kept]) await bus.publish([...'abcdef'].map((value) => message(topic, 'k', value, 0)));
    const gate = Promise.withResolvers<void>();
    const done = new Happenings<string>();
    for (const topic of [work, kept]) {
      await bus.consume({ ...BASE, topic, group: 'fast', handler: async (record) => done.add(textOf(record)) });
      await bus.consume({
        ...{ ...BASE, topic, group: 'slow' },
        async handler(record) {
          if (textOf(record) === 'd') await gate.promise;
        },
      });
    }
    await done.first(12);
    await reaches(admin, work, '3');
    gate.resolve();
    await reaches(admin, work, '6');
    assert.equal(await beginsAt(admin, kept), '0');
    const lags = await bus.lag();
    assert.ok(
      lags.every(({ waiting }) => waiting === 0),
      JSON.stringify(lags),
    );
  });
}
