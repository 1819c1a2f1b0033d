import assert from 'node:assert/strict';
import { appendFile, mkdir, rename, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { FINALIZED_MARKER, type Library, METADATA_FILE } from '@dailies/library';
import { countScans, fakeBus, manualClock, mp4, put, startWatcher, temporaryFolder, turns } from './helpers.ts';

const patient = { timeout: 120_000 };

test(
  'what arrived while it was down is announced at the start, oldest first, work and event in one',
  patient,
  async (t) => {
    const recordings = join(await temporaryFolder(t), 'recordings');
    for (const [path, seconds] of [
      ['b/2.mp4', 200],
      ['3.mp4', 300],
      ['a/1.mp4', 100],
    ] as const) {
      await utimes(await put(join(recordings, path), mp4(path)), seconds, seconds);
    }
    const { watcher, bus } = await startWatcher(t, { recordings });
    await watcher.settled();
    assert.deepEqual(bus.announced(), ['a/1.mp4', 'b/2.mp4', '3.mp4']);
    assert.ok(
      bus.publishes.every(
        ({ recordings: [work], events: [event] }) =>
          work && event?.type === 'found' && work.recordingId === event.recordingId,
      ),
    );
  },
);

test('a missing folder is made at the start, and said', patient, async (t) => {
  const { watcher, bus, lines, at } = await startWatcher(t);
  assert.ok(lines.some(({ msg }) => String(msg).startsWith('created the recordings folder')));
  await put(at('a.mp4'), mp4('a'));
  await watcher.settled();
  assert.deepEqual(bus.announced(), ['a.mp4']);
});

test('at most two files are inspected at a time', patient, async (t) => {
  const two = Promise.withResolvers<void>();
  const open = Promise.withResolvers<void>();
  let running = 0;
  let most = 0;
  const inspect = async () => {
    most = Math.max(most, ++running);
    if (running === 2) two.resolve();
    await open.promise;
    running -= 1;
    return { kind: 'video', durationMs: 1 } as const;
  };
  const { watcher, bus, at } = await startWatcher(t, { inspect });
  for (let i = 0; i < 6; i++) await put(at(`${i}.mp4`), mp4(`${i}`));
  const settled = watcher.settled();
  await two.promise;
  // A third one would begin now.
  await turns(100);
  open.resolve();
  await settled;
  assert.equal(most, 2);
  assert.equal(bus.publishes.length, 6);
});

test('200 files at once are announced once each', patient, async (t) => {
  const { watcher, bus, inspected, at } = await startWatcher(t);
  const paths = Array.from({ length: 200 }, (_, i) => `s${i % 7}/${i}.mp4`);
  await Promise.all(paths.map((path) => put(at(path), mp4(path))));
  await watcher.settled();
  await watcher.settled();
  assert.deepEqual(bus.announced().sort(), [...paths].sort());
  assert.equal(inspected.length, 200);
});

test('a file in bursts with pauses of 20 s is announced after the last one only', patient, async (t) => {
  const clock = manualClock();
  const asleep = clock.asleep();
  const { bus, inspected, at } = await startWatcher(t, {
    clock,
    config: { quietMs: 30_000, stableMs: 2000, rescanMs: 5000 },
  });
  await asleep;
  await put(at('s/live.webm'), 'burst');
  for (let burst = 0; burst < 6; burst++) {
    await appendFile(at('s/live.webm'), 'burst');
    await clock.passFor(20_000);
    assert.deepEqual(inspected, [], `after burst ${burst}`);
  }
  await clock.passUntil(() => bus.publishes.length > 0);
  assert.deepEqual(bus.announced(), ['s/live.webm']);
});

test(
  'a recording that is renamed into place is announced by the event, not the unfinished name',
  patient,
  async (t) => {
    const { watcher, bus, inspected, at } = await startWatcher(t);
    await mkdir(at('s'));
    await put(at('s/a.mp4.part'), mp4('a'));
    await watcher.settled();
    assert.deepEqual(inspected, []);
    await rename(at('s/a.mp4.part'), at('s/a.mp4'));
    await watcher.settled();
    assert.deepEqual(bus.announced(), ['s/a.mp4']);
  },
);

for (const sidecar of [METADATA_FILE, FINALIZED_MARKER]) {
  test(`${sidecar} makes a recording ready whose structure does not tell`, patient, async (t) => {
    const recordings = join(await temporaryFolder(t), 'recordings');
    for (const path of ['s/a.webm', 't/b.webm']) await utimes(await put(join(recordings, path), 'webm'), 1000, 1000);
    const scans = countScans();
    const { bus, inspected, at } = await startWatcher(t, { recordings, library: scans.wrap });
    // The second scan is that of the file events being at work: from now on only they can tell.
    await scans.reached(2);
    await put(at(`s/${sidecar}`), '{}');
    await bus.published(1);
    assert.deepEqual([bus.announced(), inspected], [['s/a.webm'], ['s/a.webm']]);
  });
}

test('the older of two that came together is announced first, though it was ready last', patient, async (t) => {
  const clock = manualClock();
  const asleep = clock.asleep();
  const { bus, at } = await startWatcher(t, { clock, config: { stableMs: 2000, rescanMs: 500 } });
  await asleep;
  // Dated before they are in the folder: seen in between, the older one would be the younger.
  const putDated = async (name: string, seconds: number): Promise<void> => {
    const beside = await put(`${at(name)}.part`, mp4(name));
    await utimes(beside, seconds, seconds);
    await rename(beside, at(name));
  };
  await putDated('young.mp4', 200);
  await clock.pass(1000);
  await putDated('old.mp4', 100);
  await clock.passUntil(() => bus.publishes.length === 2);
  assert.deepEqual(bus.announced(), ['old.mp4', 'young.mp4']);
});

test('times of files that came while we run are not believed', patient, async (t) => {
  const clock = manualClock();
  const asleep = clock.asleep();
  // Its wall clock is ahead of the files: they look as if they had been quiet for long. Only scans see them.
  const library = (opened: Library): Library => ({ ...opened, candidate: async () => null });
  const { inspected, at } = await startWatcher(t, { clock, library, config: { quietMs: 30_000, rescanMs: 500 } });
  await asleep;
  await put(at('a.webm'), 'webm');
  await clock.passFor(25_000);
  assert.deepEqual(inspected, []);
  await clock.passUntil(() => inspected.length === 1);
});

test('touched before the view has learned of it, a recording is not announced again', patient, async (t) => {
  const known = Promise.withResolvers<void>();
  const twice = Promise.withResolvers<void>();
  let inspections = 0;
  const inspect = async () => {
    inspections += 1;
    if (inspections === 2) twice.resolve();
    return { kind: 'video', durationMs: 1 } as const;
  };
  const { watcher, bus, at } = await startWatcher(t, { inspect });
  bus.lagUntil(known.promise);
  await put(at('a.mp4'), mp4('a'));
  let isSettled = false;
  const settled = watcher.settled().then(() => {
    isSettled = true;
  });
  await bus.published(1);
  await utimes(at('a.mp4'), 1000, 1000);
  const again = watcher.settled();
  await twice.promise;
  await turns(100);
  assert.equal(isSettled, false, 'settled before the view shows what was published');
  known.resolve();
  await Promise.all([settled, again]);
  assert.deepEqual(bus.announced(), ['a.mp4']);
});

test('content that comes while the old one is being published is announced, too', patient, async (t) => {
  const open = Promise.withResolvers<void>();
  const inspected = Promise.withResolvers<void>();
  const inspect = async () => {
    inspected.resolve();
    return { kind: 'video', durationMs: 1 } as const;
  };
  const scans = countScans();
  const { watcher, bus, at } = await startWatcher(t, { inspect, library: scans.wrap });
  bus.publishAfter(open.promise);
  await put(at('a.mp4'), mp4('one'));
  const settled = watcher.settled();
  await inspected.promise;
  await turns(100);
  await put(at('new.part'), mp4('another'));
  await rename(at('new.part'), at('a.mp4'));
  const again = watcher.settled();
  await scans.reached(scans.count + 1);
  open.resolve();
  await Promise.all([settled, again]);
  assert.equal(new Set(bus.events().map(({ recordingId }) => recordingId)).size, 2);
});

test('touched, looked at again, restarted: the same recording is never announced twice', patient, async (t) => {
  const bus = fakeBus();
  const first = await startWatcher(t, { bus });
  const file = await put(first.at('a.mp4'), mp4('a'));
  await first.watcher.settled();
  await utimes(file, 1000, 1000);
  await first.watcher.settled();
  await utimes(file, new Date(), new Date());
  await first.watcher.settled();
  await first.watcher.stop({ drainMs: 0 });
  const second = await startWatcher(t, { bus, recordings: first.library.recordings });
  await second.watcher.settled();
  assert.deepEqual(bus.announced(), ['a.mp4']);
  assert.deepEqual([...first.inspected, ...second.inspected], ['a.mp4']);
});

test('other content under the same name is another recording', patient, async (t) => {
  const { watcher, bus, at } = await startWatcher(t);
  await put(at('a.mp4'), mp4('one'));
  await watcher.settled();
  await put(at('new.mp4.part'), mp4('two'));
  await rename(at('new.mp4.part'), at('a.mp4'));
  await watcher.settled();
  assert.deepEqual(bus.announced(), ['a.mp4', 'a.mp4']);
  assert.equal(new Set(bus.events().map(({ recordingId }) => recordingId)).size, 2);
});

test('parts of one meeting have one id; what else metadata hold is told to nobody', async (t) => {
  // A file event may be lost while its new folder begins to be watched; a scan soon finds the file all the same.
  const { bus, at, lines } = await startWatcher(t, { config: { rescanMs: 500 } });
  const url = 'https://meet.example.org/StandUp?jwt=SECRET';
  const metadata = JSON.stringify({ meeting_url: url, participants: [{ name: 'SECRET' }], token: 'SECRET' });
  const sessions = ['0b0d1f9a-30a0-4d9e-8f6c-0a1b2c3d4e5f', 'abcdefghijklmnop'];
  for (const [n, session] of sessions.entries()) {
    await put(at(`${session}/metadata.json`), metadata);
    await put(at(`${session}/standup_2026-08-01-10-${n}5-00.mp4`), mp4(`part ${n}`));
    await bus.published(n + 1);
  }
  await put(at('abcdefghijklmnoq/metadata.json'), metadata);
  await put(at('abcdefghijklmnoq/standup_2026-08-01-18-00-00.mp4'), mp4('another day'));
  await bus.published(3);
  const events = bus.events().filter((event) => event.type === 'found');
  assert.deepEqual(
    events.map(({ room, sessionId }) => [room, sessionId]),
    [...sessions, 'abcdefghijklmnoq'].map((session) => ['StandUp', session]),
  );
  const [first, second, third] = events.map(({ meetingId }) => meetingId);
  assert.match(first ?? '', /^[0-9a-f]{12}-20260801T100500$/);
  assert.match(third ?? '', /-20260801T180000$/);
  assert.equal(second, first);
  assert.doesNotMatch(JSON.stringify([bus.events(), lines]), /SECRET/);
});

test('media that are not opened are said once, however often the folder is looked through', patient, async (t) => {
  const recordings = join(await temporaryFolder(t), 'recordings');
  await put(join(recordings, 'room.flv'), 'FLV');
  await put(join(recordings, 'notes.txt'), 'minutes');
  const { watcher, bus, lines, at } = await startWatcher(t, { recordings });
  await watcher.settled();
  await put(at('a.mp4'), mp4('a'));
  await watcher.settled();
  assert.deepEqual(bus.announced(), ['a.mp4']);
  const said = lines.filter(({ msg }) => String(msg).startsWith('a file is ignored'));
  assert.deepEqual(
    said.map(({ path }) => path),
    ['room.flv'],
  );
});
