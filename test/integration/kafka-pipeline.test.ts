import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { fixture } from '../fixtures/make.ts';
import { makeRoom } from '../helpers/dailies.ts';
import { assertExact } from '../helpers/judge.ts';
import { sharedBroker, withoutDocker } from '../helpers/kafka.ts';
import { POISON_SAYS, poisonedBuild } from '../helpers/poison.ts';
import { ended, follow, type RunningService, SERVICES, startService, workRemoved } from '../helpers/services.ts';
import { temporaryFolder } from '../helpers/temporary.ts';

/** The services on a real Kafka, each in a process of its own: the promises of the embedded pipeline hold there too. */
describe('on Kafka', { skip: await withoutDocker() }, () => {
  const broker = sharedBroker();
  /** The broker may have seen the same file under the same path before, which then is the same recording. */
  const folderOfItsOwn = (): string => randomUUID().slice(0, 8);

  /** All services, and a second worker: any number of each may run. */
  function startAll(t: TestContext, env: Record<string, string>): RunningService[] {
    return [...SERVICES, 'filter-worker' as const].map((name) => startService(t, name, { WORKER_SLOTS: '1', ...env }));
  }

  /** Two members of one group must not be in the middle of joining when they are told to stop. */
  async function stopAll(services: readonly RunningService[]): Promise<void> {
    await Promise.all(services.map((service) => service.said('at work')));
    const codes = await Promise.all(services.map((service) => service.end()));
    for (const [i, service] of services.entries()) assert.equal(codes[i], 0, `${service.name}: ${service.output()}`);
  }

  test('four services and two workers make exact films, each once', { timeout: 900_000 }, async (t) => {
    const { address } = await broker();
    const room = await makeRoom(t);
    const [one, two] = [await fixture('cfr30-gop60'), await fixture('open-gop')];
    const below = folderOfItsOwn();
    const paths = [`${below}/one.mp4`, `${below}/two.mp4`] as const;
    await room.put(one, paths[0]);
    await room.put(two, paths[1]);
    const services = startAll(t, { RECORDINGS_DIR: room.folder, KAFKA_BROKERS: address });
    const rows = await ended(await follow(t, { kafkaBrokers: address }), paths);
    await workRemoved(room);
    await stopAll(services);
    for (const { path, state, reason, run, frames, storedFrames } of rows) {
      assert.deepEqual([path, state, run], [path, 'finished', 0], String(reason));
      assert.equal(storedFrames, frames, path);
    }
    await assertExact(one, join(room.folder, 'processed', paths[0]));
    await assertExact(two, join(room.folder, 'processed', paths[1]));
    assert.deepEqual(await room.files('processed'), paths);
    assert.deepEqual(await room.files('archived'), paths);

    const onKafka = ['--kafka-brokers', address];
    const lag = JSON.parse((await room.dailies('lag', '--json', ...onKafka)).output);
    // Those who only tell of it may be stopped before they have heard of the end.
    const work = lag.filter(({ group }: { group: string }) => SERVICES.some((name) => name === group));
    assert.equal(work.length, 3, JSON.stringify(lag));
    for (const { topic, waiting, inFlight } of work) assert.deepEqual([topic, waiting, inFlight], [topic, 0, 0]);
    const topics = await room.dailies('topics', ...onKafka);
    assert.equal(topics.code, 0, topics.output);
    const letters = JSON.parse((await room.dailies('dead-letters', '--json', '--all', ...onKafka)).output);
    assert.ok(!letters.some(({ path }: { path: string }) => path.startsWith(below)), JSON.stringify(letters));
  });

  test('a batch that makes ffmpeg fail each time fails its recording alone; after a fix, replay makes the film', {
    timeout: 900_000,
  }, async (t) => {
    const { address } = await broker();
    const build = await poisonedBuild(await temporaryFolder(t), 60);
    const room = await makeRoom(t, build);
    const [poisoned, good] = [await fixture('60fps'), await fixture('no-audio')];
    const below = folderOfItsOwn();
    const [bad, fine] = [`${below}/poisoned.mp4`, `${below}/good.mp4`];
    await room.put(poisoned, bad);
    await room.put(good, fine);
    const services = startAll(t, {
      RECORDINGS_DIR: room.folder,
      KAFKA_BROKERS: address,
      FFMPEG_PATH: build.ffmpeg,
      FFPROBE_PATH: build.ffprobe,
      ATTEMPTS: '2',
      BACKOFF_MS: '50',
    });
    const view = await follow(t, { kafkaBrokers: address });
    const states = Object.fromEntries(
      (await ended(view, [bad, fine])).map(({ path, state, code }) => [path, [state, code]]),
    );
    assert.deepEqual(states, { [bad]: ['failed', 'FFMPEG_FAILED'], [fine]: ['finished', null] });

    const onKafka = ['--kafka-brokers', address];
    const openLetters = async () =>
      JSON.parse((await room.dailies('dead-letters', '--json', ...onKafka)).output).filter(
        ({ path }: { path: string }) => path === bad,
      );
    const letters = await openLetters();
    assert.ok(letters.length > 0);
    for (const letter of letters) {
      assert.deepEqual([letter.path, letter.state, letter.code, letter.attempts], [bad, 'open', 'FFMPEG_FAILED', 2]);
      assert.match(letter.stderr, new RegExp(POISON_SAYS));
      assert.match(letter.worker, new RegExp(`^${hostname()}:\\d+$`));
    }

    await build.cure();
    const replay = await room.dailies('replay', bad, ...onKafka);
    assert.equal(replay.code, 0, replay.output);
    const replayed = await ended(view, [bad], 1);
    assert.deepEqual(
      replayed.map(({ state, reason }) => [state, reason]),
      [['finished', null]],
    );
    await workRemoved(room);
    await stopAll(services);
    await assertExact(poisoned, join(room.folder, 'processed', bad));
    assert.deepEqual(await openLetters(), []);
  });
});
