import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { before, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusRow } from '../helpers/dailies.ts';
import { assertExact } from '../helpers/judge.ts';
import { temporaryFolder } from '../helpers/temporary.ts';
import { docker, noDocker, until } from './docker.ts';
import { startRecording } from './jibri.ts';
import { buildImage, makeStack, type Stack } from './stack.ts';

const MINUTE = 60_000;
const SERVICES = ['ingest-watcher', 'frame-splitter', 'filter-worker', 'assembler'] as const;
const RECORDINGS = [
  { session: '11111111-4f0e-4b7a-9a51-2f0f6f5c9d11', call: 'weekly', seconds: 18 },
  { session: '22222222-4f0e-4b7a-9a51-2f0f6f5c9d22', call: 'stand up', seconds: 16 },
  // A release before February 2025: keyframes every two seconds, and session ids of 16 letters.
  { session: 'abcdefghijklmnop', call: 'retro', seconds: 18, older: true },
];
const BROKEN = { session: '33333333-4f0e-4b7a-9a51-2f0f6f5c9d33', call: 'cut', seconds: 600 };
/** Small batches that take their time, so that work is left at each kill. */
const SETTINGS = {
  QUIET_MS: '20000',
  PRESET: 'slow',
  BATCH_SECONDS: '2',
  WORKER_SLOTS: '1',
  LOG_LEVEL: 'debug',
  COURTESY: 'pause',
  COURTESY_PORT: '9465',
  COURTESY_BIND: '0.0.0.0',
};

const skip = await noDocker();

// Outside of the test: where no layer is there yet it may take longer than all the rest.
before(() => (skip === null ? buildImage(29 * MINUTE) : undefined), { timeout: 30 * MINUTE });

test('three recordings become exact films while workers are added and worker, assembler and Kafka are killed', {
  skip: skip ?? false,
  timeout: 15 * MINUTE,
}, async (t) => {
  const stack = await makeStack(t, SETTINGS);
  try {
    await everything(t, stack);
  } catch (error) {
    console.error(await stack.explain());
    throw error;
  }
});

async function everything(t: TestContext, stack: Stack): Promise<void> {
  await stack.compose('up', '--detach');
  await Promise.all(['kafka', ...SERVICES].map((name) => becomesHealthy(stack, name)));

  const originals = await record(t, stack);
  await atWork(stack);
  // The meeting keeps the work until all is looked at: however long that takes, the new workers find some.
  await meetingBegins(stack);
  await assertSound(t, stack);
  await pauseWhileMeeting(t, stack);
  const newWorkers = await scaleUp(t, stack);
  await killWorker(t, stack, newWorkers[0] ?? '');
  await killAndBringBack(t, stack, 'assembler');
  await killAndBringBack(t, stack, 'kafka');
  await crash(t, stack, 'ingest-watcher');

  const rows = await until('all recordings have ended', 5 * MINUTE, async () => {
    const found = await stack.status();
    return found.length === 4 && !unfinished(found) && found;
  });
  await assertFilms(t, stack, rows, originals);
  assertQuarantined(rows);
  // The assembler removes it when it sees that a recording has ended, which may be later than we do.
  await until('nothing is left in work/', 2 * MINUTE, async () => {
    assert.deepEqual(await files(stack, 'work'), []);
    return true;
  });
}

const becomesHealthy = (stack: Stack, service: string, count = 1): Promise<boolean> =>
  until(`${service} is healthy`, 3 * MINUTE, () => stack.healthy(service, count));

/** Records all, kills one of them in the middle. @returns copies of the good ones, by their path */
async function record(t: TestContext, stack: Stack): Promise<Map<string, string>> {
  const broken = await startRecording(t, stack.recordings, BROKEN);
  const good = await Promise.all(RECORDINGS.map((recording) => startRecording(t, stack.recordings, recording)));
  await until('the recording that will be cut has bytes', MINUTE, async () => {
    const [file = ''] = await files(stack, BROKEN.session);
    return (await stat(join(stack.recordings, BROKEN.session, file))).size > 100_000;
  });
  await broken.kill();
  const kept = await temporaryFolder(t);
  const copies = new Map<string, string>();
  await Promise.all(
    RECORDINGS.map(async ({ session }, i) => {
      await good[i]?.ended();
      // It may be archived at once; then it is the same file, at another place.
      for (const folder of [session, join('archived', session)]) {
        const [name] = (await files(stack, folder)).filter((file) => file.endsWith('.mp4'));
        if (name === undefined) continue;
        const copy = join(kept, session, name);
        await mkdir(dirname(copy), { recursive: true });
        await copyFile(join(stack.recordings, folder, name), copy);
        copies.set(join(session, name), copy);
        return;
      }
      throw new Error(`the recording of ${session} is nowhere`);
    }),
  );
  return copies;
}

const atWork = (stack: Stack): Promise<boolean> =>
  until('batches are stored', 2 * MINUTE, async () => (await stack.status()).some(({ progress }) => progress > 0));

const unfinished = (rows: readonly StatusRow[]): boolean =>
  rows.some(({ state }) => !['finished', 'failed', 'quarantined'].includes(state));

/** The doctor has nothing to complain of in this stack, and has asked the broker for the time. */
async function assertSound(t: TestContext, stack: Stack): Promise<void> {
  const [watcher = ''] = await stack.containers('ingest-watcher');
  const told = await docker(['exec', watcher, '/app/deploy/images/entry', 'doctor', '--json']);
  const findings = JSON.parse(told) as { level: string; check: string; found: string }[];
  for (const { level, found } of findings) assert.notEqual(level, 'fail', found);
  assert.ok(
    findings.some(({ check, found }) => check === 'clock' && /broker shows the same time/.test(found)),
    told,
  );
  t.diagnostic('the doctor finds nothing wrong');
}

/** As Jibri posts it. */
async function say(stack: Stack, busyStatus: 'BUSY' | 'IDLE'): Promise<void> {
  const [assembler = ''] = await stack.containers('assembler');
  const body = JSON.stringify({ jibriId: 'stand-in', status: { busyStatus, health: {} } });
  const post = `fetch('http://ingest-watcher:9465/v1/status', { method: 'POST', body: ${JSON.stringify(body)} })`;
  await docker(['exec', assembler, 'node', '-e', `${post}.then((r) => process.exit(r.ok ? 0 : 1))`]);
}

/** Jibri says that it records; resolves when the worker says that it pauses. */
async function meetingBegins(stack: Stack): Promise<void> {
  const [assembler = ''] = await stack.containers('assembler');
  await until('the worker says that it pauses', 2 * MINUTE, async () => {
    // Again and again, as Jibri does: what it said expires after three minutes.
    await say(stack, 'BUSY');
    return (await docker(['exec', assembler, '/app/deploy/images/entry', 'status'])).includes('1 worker paused');
  });
}

/** While Jibri says that it records, no batch is taken; afterwards the work goes on. */
async function pauseWhileMeeting(t: TestContext, stack: Stack): Promise<void> {
  const [worker = ''] = await stack.containers('filter-worker');
  await meetingBegins(stack);
  const before = await batchesIn(worker);
  // Long enough for a batch or two; nothing tells that nothing will come.
  await sleep(6000);
  assert.equal(await batchesIn(worker), before, 'no batch is taken during the meeting');
  assert.ok(await stack.healthy('filter-worker'), 'to pause is no illness');
  await say(stack, 'IDLE');
  await until('the worker goes on', MINUTE, async () => (await batchesIn(worker)) > before);
  t.diagnostic('paused during a meeting');
}

/** Nothing but new workers is started, and they get work. @returns the containers of the new workers */
async function scaleUp(t: TestContext, stack: Stack): Promise<string[]> {
  const before = await identities(stack);
  const [first] = await stack.containers('filter-worker');
  await stack.compose('up', '--detach', '--no-recreate', '--scale', 'filter-worker=3');
  const added = (await stack.containers('filter-worker')).filter((id) => id !== first);
  assert.equal(added.length, 2);
  const after = await until('a new worker has done a batch', 2 * MINUTE, async () => {
    const times = await Promise.all(added.map((id) => firstBatchMs(stack, id)));
    return times.find((ms) => ms !== null) ?? null;
  });
  t.diagnostic(`a new worker had its first batch ${(after / 1000).toFixed(1)} s after its start`);
  for (const [id, startedAt] of before) assert.equal((await stack.inspect(id)).State.StartedAt, startedAt, id);
  return added;
}

async function identities(stack: Stack): Promise<Map<string, string>> {
  const ids = (await Promise.all(['kafka', ...SERVICES].map((name) => stack.containers(name)))).flat();
  return new Map(await Promise.all(ids.map(async (id) => [id, (await stack.inspect(id)).State.StartedAt] as const)));
}

/** How long after its start a container took its first batch, by its log; null when it has not done one. */
async function firstBatchMs(stack: Stack, container: string): Promise<number | null> {
  const line = (await docker(['logs', container])).split('\n').find((each) => each.includes('"batch graded"'));
  if (line === undefined) return null;
  const { time, gradeMs } = JSON.parse(line) as { time: string; gradeMs: number };
  return Date.parse(time) - gradeMs - Date.parse((await stack.inspect(container)).State.StartedAt);
}

/** Frame batches that a worker has taken in hand. */
async function batchesIn(container: string): Promise<number> {
  const ask = "fetch('http://127.0.0.1:9464/metrics').then(async (r) => process.stdout.write(await r.text()))";
  const text = await docker(['exec', container, 'node', '-e', ask]);
  const [, count = '0'] = /^dailies_records_in_total\{topic="dailies\.frame-batches"\} (\d+)/m.exec(text) ?? [];
  return Number(count);
}

/** `docker kill` counts as stopping by hand: no restart policy brings the container back, `up` or `start` does. */
async function killWorker(t: TestContext, stack: Stack, worker: string): Promise<void> {
  await sayLeft(t, stack, 'a worker');
  await docker(['kill', worker]);
  await until('the worker is dead', MINUTE, async () => (await stack.inspect(worker)).State.Status === 'exited');
  await docker(['start', worker]);
}

async function killAndBringBack(t: TestContext, stack: Stack, service: 'assembler' | 'kafka'): Promise<void> {
  const [container = ''] = await stack.containers(service);
  await sayLeft(t, stack, service);
  await docker(['kill', container]);
  await until(`${service} is dead`, MINUTE, async () => (await stack.inspect(container)).State.Status === 'exited');
  await stack.compose('up', '--detach', '--no-recreate', '--scale', 'filter-worker=3');
  await becomesHealthy(stack, service);
}

/** What dies by itself comes back by itself. */
async function crash(t: TestContext, stack: Stack, service: 'ingest-watcher'): Promise<void> {
  const [container = ''] = await stack.containers(service);
  const { RestartCount: before } = await stack.inspect(container);
  await stack.crash(container);
  await until(
    `${service} is started again`,
    MINUTE,
    async () => (await stack.inspect(container)).RestartCount > before,
  );
  await becomesHealthy(stack, service);
  t.diagnostic(`${service} was started again by its restart policy`);
}

async function sayLeft(t: TestContext, stack: Stack, killed: string): Promise<void> {
  const rows = await stack.status();
  const left = rows
    .filter((row) => unfinished([row]))
    .map(({ path, progress }) => `${path} at ${Math.round(progress * 100)} %`);
  t.diagnostic(`killing ${killed} with ${left.length} recordings left: ${left.join(', ')}`);
}

async function assertFilms(
  t: TestContext,
  stack: Stack,
  rows: readonly StatusRow[],
  originals: ReadonlyMap<string, string>,
): Promise<void> {
  const finished = rows.filter(({ state }) => state === 'finished');
  assert.deepEqual(finished.map(({ path }) => path).sort(), [...originals.keys()].sort(), JSON.stringify(rows));
  const films = (await files(stack, 'processed')).filter((file) => file.endsWith('.mp4'));
  assert.deepEqual(films, [...originals.keys()].sort(), 'one film for each recording');
  for (const [path, copy] of originals) {
    const archived = join(stack.recordings, 'archived', path);
    assert.equal(await sha256(archived), await sha256(copy), `${path} is archived as it was`);
    await assertExact(archived, join(stack.recordings, 'processed', path));
    assert.deepEqual(await files(stack, dirname(path)), [], 'the session has left the recordings folder');
    assert.ok((await files(stack, join('archived', dirname(path)))).includes('metadata.json'));
    t.diagnostic(`${basename(path)}: exact, archived`);
  }
}

function assertQuarantined(rows: readonly StatusRow[]): void {
  const cut = rows.find(({ path }) => path.startsWith(BROKEN.session));
  assert.equal(cut?.state, 'quarantined', JSON.stringify(cut));
  assert.equal(cut.code, 'RECORDING_NO_MOOV');
  assert.match(cut.reason ?? '', /\w/);
}

/** Files below a folder of the recordings, relative to it, sorted; those whose names begin with a dot are left out. */
async function files(stack: Stack, below: string): Promise<string[]> {
  const root = join(stack.recordings, below);
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
