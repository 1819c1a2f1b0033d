import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { structureOf } from '@dailies/library';
import { loadConfig, retryFields } from '@dailies/service';
import { growJibriRecording } from '../../../test/fixtures/jibri.ts';
import { createCandidates } from '../src/candidates.ts';
import { watcherFields } from '../src/index.ts';
import { mp4 } from './helpers.ts';

// A recorder that writes in bursts, with pauses of 20 s: with the default settings it is never picked up before its end.
// The clock is a fake, the file is real, and it is looked at every second.

const PAUSE_S = 20;
const BURSTS = 8;
const DEFAULTS = loadConfig([...watcherFields, ...retryFields], { env: {}, argv: [] });

async function setup(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'dailies-bursts-'));
  t.after(() => rm(folder, { recursive: true }));
  const whole = join(folder, 'whole');
  await writeFile(whole, mp4('picture '.repeat(20_000)));
  const recording = await growJibriRecording(folder, whole, { withMetadata: false });
  let nowMs = 1_000_000;
  let size = 0;
  let changedMs = nowMs;
  const clock = { wallMs: () => nowMs, steadyMs: () => nowMs, after: () => () => {} };
  const start = (structure: 'as it is' | 'unknown') => {
    const read = async () => (structure === 'unknown' ? structure : structureOf(recording.path));
    const candidates = createCandidates(DEFAULTS, clock, read);
    /** One look, as a scan or a file event brings it about. The name is none of Jibri's: no metadata.json is waited for. */
    return async (metadataMtimeMs: number | null = null) => {
      const times = { mtimeMs: changedMs, ctimeMs: changedMs, metadataMtimeMs, markerMtimeMs: null };
      const file = { path: 'meeting.mp4', file: recording.path, kind: 'video', ino: 1 } as const;
      return (await candidates.verdict(candidates.see({ ...file, ...times, sizeBytes: size }, true))).ready;
    };
  };
  return {
    start,
    second(): void {
      nowMs += 1000;
    },
    nowMs: () => nowMs,
    async burst(bytes: number): Promise<void> {
      await recording.grow(bytes);
      size += bytes;
      changedMs = nowMs;
    },
    async finish(): Promise<void> {
      await recording.finish();
      size = mp4('picture '.repeat(20_000)).length;
      changedMs = nowMs;
    },
  };
}

for (const structure of ['as it is', 'unknown'] as const) {
  test(`bursts with pauses of 20 s, structure ${structure}: not before the end`, async (t) => {
    const { start, second, burst, finish, nowMs } = await setup(t);
    let look = start(structure);
    for (let at = 0; at < BURSTS; at++) {
      await burst(10_000);
      for (let s = 0; s < PAUSE_S; s++) {
        assert.equal(await look(), false, `burst ${at}, second ${s}`);
        second();
        // A watcher that was started in the middle of a pause believes the times of the file, and they say the same.
        if (at === 3 && s === 17) look = start(structure);
      }
    }
    await finish();
    const endMs = nowMs();
    while (!(await look())) second();
    const waitedMs = nowMs() - endMs;
    // What has its index is whole as soon as it is stable; of what nothing tells, only the quiet does.
    assert.equal(waitedMs, structure === 'unknown' ? DEFAULTS.quietMs : DEFAULTS.stableMs);
  });
}

test('metadata.json of an earlier recording in the same folder does not make the next one ready', async (t) => {
  const { start, second, burst, nowMs } = await setup(t);
  const earlierMs = nowMs() - 5000;
  const look = start('unknown');
  for (let at = 0; at < BURSTS; at++) {
    await burst(10_000);
    for (let s = 0; s < PAUSE_S; s++) {
      assert.equal(await look(earlierMs), false, `burst ${at}, second ${s}`);
      second();
    }
  }
});

test('the defaults leave room above a pause of 20 s', () => {
  assert.ok(DEFAULTS.quietMs >= PAUSE_S * 1000 * 1.5);
});
