import assert from 'node:assert/strict';
import { mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { DailiesError } from '@dailies/contracts';
import { fakeBus, manualClock, mp4, put, startWatcher } from './helpers.ts';

const patient = { timeout: 120_000 };

test('a finished recording that shows up again is told once, with how to grade it again', patient, async (t) => {
  const { watcher, bus, lines, at } = await startWatcher(t);
  await put(at('a.mp4'), mp4('a'));
  await watcher.settled();
  const [event] = bus.events();
  assert.ok(event);
  const { recordingId } = event;
  // While the original is still on its way to the archive nothing is said.
  bus.apply({
    v: 1,
    type: 'finished',
    recordingId,
    run: 0,
    at: new Date().toISOString(),
    film: 'a.mp4',
    archived: 'a.mp4',
    frames: 1,
    durationMs: 1,
    filmBytes: 1,
  });
  await utimes(at('a.mp4'), 1000, 1000);
  await watcher.settled();
  const told = () => lines.filter(({ msg }) => String(msg).includes(`dailies replay ${recordingId}`));
  assert.equal(told().length, 0);
  await rm(at('a.mp4'));
  await watcher.settled();
  for (let i = 0; i < 2; i++) {
    await put(at('a.mp4'), mp4('a'));
    await watcher.settled();
  }
  assert.equal(told().length, 1);
  assert.deepEqual(bus.announced(), ['a.mp4']);
});

test(
  'what ffmpeg cannot read is quarantined once; touching changes nothing, other content is a new chance',
  patient,
  async (t) => {
    const inspect = async (file: string) => {
      if (file.endsWith('bad.mp4')) throw new DailiesError('RECORDING_NO_VIDEO', 'no picture');
      return { kind: 'video', durationMs: 1 } as const;
    };
    const { watcher, bus, inspected, at } = await startWatcher(t, { inspect });
    await put(at('bad.mp4'), mp4('bad'));
    await put(at('good.mp4'), mp4('good'));
    await watcher.settled();
    await utimes(at('bad.mp4'), 1000, 1000);
    await watcher.settled();
    const [quarantined, ...more] = bus.events().filter(({ type }) => type === 'quarantined');
    assert.ok(quarantined?.type === 'quarantined');
    assert.deepEqual(
      [quarantined.path, quarantined.code, quarantined.reason, more.length],
      ['bad.mp4', 'RECORDING_NO_VIDEO', 'no picture', 0],
    );
    assert.deepEqual(bus.announced(), ['good.mp4']);
    await put(at('bad.mp4'), mp4('still bad'));
    await watcher.settled();
    assert.equal(bus.events().filter(({ type }) => type === 'quarantined').length, 2);
    assert.equal(inspected.filter((path) => path === 'bad.mp4').length, 2);
  },
);

test(
  'an inspection that fails for a passing reason is repeated; one that fails on and on leads to quarantine',
  patient,
  async (t) => {
    const left = new Map([['a.mp4', 2]]);
    const inspect = async (file: string) => {
      const name = file.slice(file.lastIndexOf('/') + 1);
      const times = left.get(name) ?? Number.POSITIVE_INFINITY;
      left.set(name, times - 1);
      if (times > 0) throw new DailiesError('FFMPEG_TIMEOUT', 'too slow');
      return { kind: 'video', durationMs: 1 } as const;
    };
    const { watcher, bus, inspected, at } = await startWatcher(t, { inspect, config: { attempts: 3 } });
    await put(at('a.mp4'), mp4('a'));
    await put(at('b.mp4'), mp4('b'));
    await watcher.settled();
    assert.deepEqual(bus.announced(), ['a.mp4']);
    assert.deepEqual(
      bus
        .events()
        .map((event) => (event.type === 'quarantined' ? [event.path, event.code] : []))
        .filter((pair) => pair.length > 0),
      [['b.mp4', 'FFMPEG_TIMEOUT']],
    );
    assert.equal(inspected.length, 6);
  },
);

test('a file that changes or vanishes while it is inspected is not announced as it was', patient, async (t) => {
  let first = true;
  const inspect = async (file: string) => {
    if (file.endsWith('gone.mp4')) await rm(file);
    else if (first) {
      first = false;
      await writeFile(file, mp4('longer than before'));
    }
    return { kind: 'video', durationMs: 1 } as const;
  };
  const { watcher, bus, at } = await startWatcher(t, { inspect });
  await put(at('a.mp4'), mp4('a'));
  await put(at('gone.mp4'), mp4('gone'));
  await watcher.settled();
  assert.deepEqual(bus.announced(), ['a.mp4']);
  assert.equal(bus.publishes[0]?.recordings[0]?.sizeBytes, mp4('longer than before').length);
});

test('a bus that fails for a while loses nothing and doubles nothing', patient, async (t) => {
  const bus = fakeBus();
  bus.fail(new DailiesError('BUS_FAILED', 'no broker'));
  const { watcher, at, lines } = await startWatcher(t, { bus });
  await put(at('a.mp4'), mp4('a'));
  await put(at('b.mp4'), mp4('b'));
  await watcher.settled();
  assert.deepEqual(bus.announced().sort(), ['a.mp4', 'b.mp4']);
  assert.ok(lines.some(({ level, msg }) => level === 'error' && String(msg).includes('could not be announced')));
});

test(
  'a link out of the tree is quarantined once and never opened; pointed elsewhere it is another one',
  patient,
  async (t) => {
    const { watcher, library, bus, inspected, at } = await startWatcher(t);
    const outside = await put(join(dirname(at('')), 'secret.mp4'), mp4('secret'));
    await symlink(outside, at('a.mp4'));
    await watcher.settled();
    await watcher.settled();
    assert.deepEqual(
      bus.events().map((event) => [event.type, 'code' in event && event.code]),
      [['quarantined', 'RECORDING_SYMLINK']],
    );
    await rm(at('a.mp4'));
    await symlink(`${outside}2`, at('a.mp4'));
    await watcher.settled();
    assert.equal(bus.publishes.length, 2);
    assert.deepEqual(inspected, []);
    await watcher.stop({ drainMs: 0 });
    const second = await startWatcher(t, { bus, recordings: library.recordings });
    await second.watcher.settled();
    assert.equal(bus.publishes.length, 2);
  },
);

test('a folder that is removed and made again is watched again', patient, async (t) => {
  const { watcher, bus, lines, at } = await startWatcher(t);
  await put(at('a.mp4'), mp4('a'));
  await watcher.settled();
  await rm(at(''), { recursive: true });
  await watcher.settled();
  assert.deepEqual(
    watcher.problems().map(({ code }) => code),
    ['RECORDING_GONE'],
  );
  await put(at('b.mp4'), mp4('b'));
  // No scan is asked for: the watcher sees by itself that the folder is back.
  await bus.published(2);
  await watcher.settled();
  assert.deepEqual(watcher.problems(), []);
  await put(at('c.mp4'), mp4('c'));
  // And this one only its file events can tell.
  await bus.published(3);
  assert.deepEqual(bus.announced(), ['a.mp4', 'b.mp4', 'c.mp4']);
  assert.equal(lines.filter(({ msg }) => msg === 'watching for recordings').length, 2);
});

test('a folder that is replaced between two looks is watched anew', patient, async (t) => {
  const { watcher, bus, lines, at } = await startWatcher(t);
  await watcher.settled();
  await rm(at(''), { recursive: true });
  await mkdir(at(''));
  await watcher.settled();
  assert.equal(lines.filter(({ msg }) => msg === 'watching for recordings').length, 2);
  await put(at('a.mp4'), mp4('a'));
  await bus.published(1);
});

for (const code of ['RECORDING_GONE', 'RECORDING_CHANGED']) {
  test(`what was away while it was in hand (${code}) runs again when it is put back`, patient, async (t) => {
    const { watcher, bus, at } = await startWatcher(t);
    await put(at('a.mp4'), mp4('a'));
    await watcher.settled();
    const [event] = bus.events();
    assert.ok(event);
    await rm(at('a.mp4'));
    // The one that has changed was away for less than a scan: it was never seen to be gone, and stayed failed.
    if (code === 'RECORDING_GONE') await watcher.settled();
    const { recordingId } = event;
    bus.apply({ v: 1, type: 'failed', recordingId, run: 0, at: new Date().toISOString(), code, reason: 'away' });
    await new Promise((resolve) => setTimeout(resolve, 2));
    await put(at('a.mp4'), mp4('a'));
    await watcher.settled();
    assert.deepEqual(
      bus.publishes.flatMap(({ recordings }) => recordings.map((work) => [work.recordingId, work.run])),
      [
        [recordingId, 0],
        [recordingId, 1],
      ],
    );
  });
}

test(
  'a file that cannot be read is quarantined after the quiet time, and announced under the same id when it can be',
  patient,
  async (t) => {
    let closed = true;
    const refuse = new DailiesError('PERMISSION_DENIED', 'cannot be read by uid 1000: chmod');
    const clock = manualClock();
    const asleep = clock.asleep();
    const { bus, lines, at } = await startWatcher(t, {
      clock,
      config: { quietMs: 30_000, stableMs: 2000, rescanMs: 5000 },
      library: (library) => ({
        ...library,
        describe: async (file) => (closed ? Promise.reject(refuse) : library.describe(file)),
      }),
    });
    await asleep;
    await put(at('a.mp4'), mp4('a'));
    await clock.passFor(20_000);
    assert.equal(bus.publishes.length, 0);
    await clock.passUntil(() => bus.reader.all().length === 1);
    await clock.passFor(40_000);
    const [quarantined, ...others] = bus.events();
    assert.ok(quarantined?.type === 'quarantined' && others.length === 0);
    assert.equal(quarantined.code, 'PERMISSION_DENIED');
    assert.equal(lines.filter(({ msg }) => msg === refuse.message).length, 1);
    closed = false;
    await clock.passUntil(() => bus.reader.get(quarantined.recordingId)?.state === 'found');
    assert.equal(bus.publishes[1]?.recordings[0]?.recordingId, quarantined.recordingId);
    await clock.passFor(20_000);
    assert.equal(bus.publishes.length, 2);
  },
);

test('stopping gives up an inspection that is under way, and settled() does not hang', patient, async (t) => {
  const began = Promise.withResolvers<void>();
  const inspect = async (_file: string, signal: AbortSignal) => {
    began.resolve();
    await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    return { kind: 'video', durationMs: 1 } as const;
  };
  const { watcher, bus, at } = await startWatcher(t, { inspect });
  await put(at('a.mp4'), mp4('a'));
  const settled = watcher.settled();
  await began.promise;
  await watcher.stop({ drainMs: 0 });
  await settled;
  await watcher.stop({ drainMs: 0 });
  await watcher.settled();
  assert.deepEqual(bus.publishes, []);
});
