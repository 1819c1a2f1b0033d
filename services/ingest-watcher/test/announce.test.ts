import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DailiesError, type RecordingStatus, recordingIdOf } from '@dailies/contracts';
import type { Candidate, Description } from '@dailies/library';
import { type AnnouncePorts, type Asked, examine, type Verdict } from '../src/announce.ts';

const candidate: Candidate = {
  path: 'a.mp4',
  file: '/r/a.mp4',
  kind: 'video',
  sizeBytes: 5,
  mtimeMs: 7,
  ctimeMs: 7,
  ino: 9,
  metadataMtimeMs: null,
  markerMtimeMs: null,
};
const described: Description = { sizeBytes: 5, mtimeMs: 7, ino: 9, fingerprint: 'f' };
const id = recordingIdOf('a.mp4', 5, 'f');

function errno(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Examines the candidate; `descriptions` are what the two looks at its content give, the last one for ever. */
function run(options: {
  descriptions?: readonly (Description | Error)[];
  inspect?: AnnouncePorts['inspect'];
  known?: RecordingStatus[];
  newest?: RecordingStatus;
  asked?: Partial<Asked>;
  signal?: AbortSignal;
}): Promise<Verdict> {
  const descriptions = [...(options.descriptions ?? [described])];
  const ports: AnnouncePorts = {
    view: {
      get: (wanted) => options.known?.find(({ recordingId }) => recordingId === wanted),
      byPath: () => options.newest,
    },
    async describe() {
      const next = descriptions.length > 1 ? descriptions.shift() : descriptions[0];
      if (next instanceof Error || !next) throw next;
      return next;
    },
    session: async () => ({ room: 'standup', sessionId: null, meetingKey: 'k', namedAtMs: null }),
    inspect: options.inspect ?? (async () => ({ kind: 'video', durationMs: 3 })),
  };
  const asked = { candidate, sameSinceWallMs: 0, deniedId: null, lastAttempt: false, ...options.asked };
  return examine(asked, ports, options.signal ?? new AbortController().signal);
}

const status = (recordingId: string, change: Partial<RecordingStatus>): RecordingStatus =>
  ({
    recordingId,
    state: 'finished',
    run: 0,
    code: null,
    endedAt: null,
    sizeBytes: 5,
    fingerprint: 'f',
    ...change,
  }) as RecordingStatus;
const refuse =
  (code: ConstructorParameters<typeof DailiesError>[0]): AnnouncePorts['inspect'] =>
  async () => {
    throw new DailiesError(code, code);
  };

test('a readable file is found, with the kind that the inspection gives', async () => {
  const verdict = await run({ inspect: async () => ({ kind: 'image', durationMs: 0 }) });
  assert.ok(verdict.is === 'found');
  assert.deepEqual([verdict.found.recordingId, verdict.found.kind], [id, 'image']);
});

test('its meeting is told with it: the time of the file is that of its end', async () => {
  const verdict = await run({});
  assert.ok(verdict.is === 'found');
  const meeting = { room: 'standup', sessionId: null, meetingKey: 'k', fromMs: 4, toMs: 7 };
  assert.deepEqual(verdict.found.meeting, meeting);
  const broken = await run({ inspect: refuse('RECORDING_NO_MOOV') });
  assert.ok(broken.is === 'quarantined');
  assert.deepEqual(broken.found.meeting, { ...meeting, fromMs: 7, toMs: 7 });
});

test('a file that is not as it was seen has changed, before the inspection and after', async () => {
  for (const change of [{ sizeBytes: 6 }, { mtimeMs: 8 }, { ino: 1 }]) {
    assert.equal((await run({ descriptions: [{ ...described, ...change }] })).is, 'changed', JSON.stringify(change));
  }
  for (const change of [{ fingerprint: 'g' }, { mtimeMs: 8 }, { ino: 1 }]) {
    assert.equal(
      (await run({ descriptions: [described, { ...described, ...change }] })).is,
      'changed',
      JSON.stringify(change),
    );
  }
});

test('a file that vanishes is gone, at either time', async () => {
  assert.equal((await run({ descriptions: [errno('ENOENT')] })).is, 'gone');
  assert.equal((await run({ descriptions: [described, errno('ENOTDIR')] })).is, 'gone');
  assert.equal((await run({ descriptions: [new DailiesError('RECORDING_SYMLINK', 'now a link')] })).is, 'gone');
});

test('content that was here before is known by its id, whatever stood under the path since', async () => {
  const newest = status('ffffffffffffffff', { fingerprint: 'of another content' });
  const verdict = await run({ known: [status(id, {})], newest, inspect: async () => assert.fail('inspected') });
  assert.ok(verdict.is === 'known');
  assert.equal(verdict.status.recordingId, id);
  assert.equal((await run({ newest })).is, 'found');
});

test('what was announced under the id that it had while unreadable is known by its content', async () => {
  const verdict = await run({ newest: status('ffffffffffffffff', { state: 'failed' }) });
  assert.ok(verdict.is === 'known');
});

test('errors that do not pass are quarantine; those that may are tried again, but not for ever', async () => {
  assert.equal((await run({ inspect: refuse('RECORDING_NO_MOOV') })).is, 'quarantined');
  assert.equal((await run({ inspect: refuse('FFMPEG_TIMEOUT') })).is, 'again');
  assert.equal((await run({ inspect: refuse('FFMPEG_TIMEOUT'), asked: { lastAttempt: true } })).is, 'quarantined');
  assert.equal((await run({ inspect: refuse('PERMISSION_DENIED') })).is, 'denied');
  assert.equal((await run({ descriptions: [new DailiesError('PERMISSION_DENIED', 'no')] })).is, 'denied');
  assert.equal((await run({ descriptions: [errno('EIO')] })).is, 'again');
});

test('stopping ends an examination, also one whose inspection does not listen', async () => {
  const stopping = new AbortController();
  const verdict = run({ inspect: () => new Promise(() => undefined), signal: stopping.signal });
  stopping.abort();
  await assert.rejects(verdict, { code: 'ABORTED' });
});
