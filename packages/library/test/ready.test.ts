import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FileState, type Observation, observe, type Readiness, readiness, type Structure } from '../src/index.ts';

const config = { quietMs: 30_000, stableMs: 2000 };
const WALL = 1_800_000_000_000;

/** A file under a clock that the test moves: `write` changes it, `look` observes it and asks the rule. */
function watched(options: { wallMs?: number; trustTimes?: boolean } = {}) {
  let steadyMs = 1000;
  let wallMs = options.wallMs ?? WALL;
  let state: FileState = { sizeBytes: 0, mtimeMs: wallMs, ctimeMs: wallMs, ino: 7 };
  let known: Observation | null = null;
  return {
    pass(ms: number): void {
      steadyMs += ms;
      wallMs += ms;
    },
    stepClock(ms: number): void {
      wallMs += ms;
    },
    write(bytes: number): void {
      state = { ...state, sizeBytes: state.sizeBytes + bytes, mtimeMs: wallMs, ctimeMs: wallMs };
    },
    set(change: Partial<FileState>): void {
      state = { ...state, ...change };
    },
    look(
      facts: {
        structure?: Structure;
        metadataMtimeMs?: number;
        markerMtimeMs?: number;
        expectsMetadata?: boolean;
      } = {},
    ): Readiness {
      known = observe(known, state, { steadyMs, wallMs }, options.trustTimes ?? true);
      return readiness(
        {
          nowSteadyMs: steadyMs,
          observation: known,
          structure: facts.structure ?? 'unknown',
          metadataMtimeMs: facts.metadataMtimeMs ?? null,
          markerMtimeMs: facts.markerMtimeMs ?? null,
          expectsMetadata: facts.expectsMetadata ?? false,
        },
        { ...config, metadataWaitMs: 10_000 },
      );
    },
    get steadyMs(): number {
      return steadyMs;
    },
    get wallMs(): number {
      return wallMs;
    },
  };
}

const ready = (because: string): object => ({ ready: true, because });

test('a file in bursts with pauses of 20 s is never picked up, and then 30 s after the last one', () => {
  const file = watched();
  for (let burst = 0; burst < 10; burst++) {
    file.write(1000);
    for (let second = 0; second < 20; second++) {
      assert.equal(file.look().ready, false, `burst ${burst}, second ${second}`);
      file.pass(1000);
    }
  }
  file.pass(9000);
  assert.equal(file.look().ready, false);
  file.pass(1000);
  assert.deepEqual(file.look(), ready('quiet'));
});

test('what is structurally complete waits only until it is stable', () => {
  const file = watched();
  assert.deepEqual(file.look({ structure: 'complete' }), {
    ready: false,
    untilSteadyMs: file.steadyMs + 2000,
    because: 'changing',
  });
  file.pass(1999);
  assert.equal(file.look({ structure: 'complete' }).ready, false);
  file.pass(1);
  assert.deepEqual(file.look({ structure: 'complete' }), ready('complete'));
});

test('Jibri’s metadata.json or the marker makes a stable file ready', () => {
  for (const sidecar of ['metadataMtimeMs', 'markerMtimeMs'] as const) {
    const file = watched();
    file.write(1);
    file.pass(2000);
    assert.deepEqual(file.look({ [sidecar]: WALL }), ready('finalized'));
  }
});

test('a metadata.json older than the recording is of an earlier recording in the same folder', () => {
  const file = watched();
  file.look();
  file.pass(5000);
  file.write(1);
  file.look();
  file.pass(2000);
  const verdict = file.look({ metadataMtimeMs: WALL, markerMtimeMs: WALL });
  assert.deepEqual(verdict, { ready: false, untilSteadyMs: file.steadyMs - 2000 + 30_000, because: 'unfinished' });
});

test('metadata.json proves nothing for a file that is visibly incomplete; the long quiet does, for the probe', () => {
  const file = watched();
  file.pass(2000);
  const facts = { structure: 'incomplete', metadataMtimeMs: WALL + 1 } as const;
  const verdict = file.look(facts);
  assert.equal(verdict.ready, false);
  assert.equal(verdict.because, 'incomplete');
  file.pass(28_000);
  assert.deepEqual(file.look(facts), ready('quiet'));
});

test('a file that lay there before we started is ready at the first look', () => {
  const file = watched();
  file.pass(3_600_000);
  assert.deepEqual(file.look(), ready('quiet'));
});

test('a copy that kept its old times is dated by its change of status', () => {
  const file = watched();
  file.set({ mtimeMs: WALL - 86_400_000 });
  assert.equal(file.look().ready, false);
});

test('times of another machine’s clock are not believed: a network file system whose clock is behind', () => {
  const file = watched({ trustTimes: false });
  file.set({ mtimeMs: WALL - 3_600_000, ctimeMs: WALL - 3_600_000 });
  assert.equal(file.look().ready, false);
  file.pass(29_999);
  assert.equal(file.look().ready, false);
  file.pass(1);
  assert.deepEqual(file.look(), ready('quiet'));
});

test('a time in the future counts as the first look', () => {
  const file = watched();
  file.set({ mtimeMs: WALL + 86_400_000, ctimeMs: WALL + 86_400_000 });
  assert.equal(file.look().ready, false);
  file.pass(30_000);
  assert.deepEqual(file.look(), ready('quiet'));
});

test('a step of the wall clock changes nothing, in either direction', () => {
  for (const step of [86_400_000, -86_400_000]) {
    const file = watched();
    file.write(1);
    assert.equal(file.look().ready, false);
    file.pass(10_000);
    file.stepClock(step);
    assert.equal(file.look().ready, false);
    file.pass(20_000);
    assert.deepEqual(file.look(), ready('quiet'));
  }
});

test('a time that goes back, and another file under the same name, are changes', () => {
  for (const change of [{ mtimeMs: WALL - 5 }, { ino: 8 }]) {
    const file = watched();
    file.look();
    file.pass(29_000);
    file.set(change);
    file.look();
    file.pass(2000);
    assert.equal(file.look().ready, false, JSON.stringify(change));
  }
});

test('a chmod of a file that we know does not make it wait again', () => {
  const file = watched();
  file.look();
  file.pass(30_000);
  file.set({ ctimeMs: file.wallMs });
  assert.deepEqual(file.look(), ready('quiet'));
});

test('a quiet time below the stable time is what counts', () => {
  const observation = { sizeBytes: 1, mtimeMs: 0, ctimeMs: 0, ino: 1, unchangedSinceSteadyMs: 0 };
  const facts = { observation, structure: 'unknown', metadataMtimeMs: null, markerMtimeMs: null } as const;
  assert.deepEqual(readiness({ ...facts, nowSteadyMs: 50 }, { quietMs: 100, stableMs: 2000 }), {
    ready: false,
    untilSteadyMs: 100,
    because: 'changing',
  });
  assert.equal(readiness({ ...facts, nowSteadyMs: 100 }, { quietMs: 100, stableMs: 2000 }).ready, true);
});

test('in a session folder a complete file waits 10 s for its metadata, and no longer', () => {
  const file = watched();
  file.write(1000);
  file.look();
  file.pass(2000);
  const complete = { structure: 'complete', expectsMetadata: true } as const;
  assert.deepEqual(file.look(complete), { ready: false, untilSteadyMs: file.steadyMs + 8000, because: 'metadata' });
  assert.deepEqual(file.look({ structure: 'complete' }), ready('complete'));
  assert.deepEqual(file.look({ ...complete, metadataMtimeMs: file.wallMs }), ready('complete'));
  assert.deepEqual(file.look({ ...complete, markerMtimeMs: file.wallMs }), ready('complete'));
  file.pass(8000);
  assert.deepEqual(file.look(complete), ready('complete'));
});
