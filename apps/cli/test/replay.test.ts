import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DAILIES_TOPICS, openSqliteBus } from '@dailies/bus';
import { type DailiesEvent, decodeRecording, encodeEvent, type RecordingMessage, TOPICS } from '@dailies/contracts';
import { describe } from '@dailies/library';
import { replay } from '../src/commands/replay.ts';
import { status } from '../src/commands/status.ts';
import { program } from '../src/program.ts';
import { eventsOf, fakeContext, idOf, temporaryFolder } from './helpers.ts';

/** A recordings folder whose bus holds these events. */
async function folderWith(t: TestContext, ...events: DailiesEvent[]): Promise<string> {
  const folder = temporaryFolder(t);
  const bus = openSqliteBus({ path: join(folder, '.dailies', 'bus.sqlite'), topics: DAILIES_TOPICS });
  await bus.publish(events.map(encodeEvent));
  await bus.close();
  return folder;
}

async function run(...argv: string[]) {
  const { context, stdout, stderr } = fakeContext();
  const code = await program([replay, status], context, argv);
  return { code, out: stdout.text(), err: stderr.text() };
}

/** Messages on the topic of recordings. */
async function asked(folder: string): Promise<RecordingMessage[]> {
  const bus = openSqliteBus({ path: join(folder, '.dailies', 'bus.sqlite'), topics: DAILIES_TOPICS, readOnly: true });
  const messages: RecordingMessage[] = [];
  await bus.tail(TOPICS.recordings, (record) => messages.push(decodeRecording(record)));
  await bus.close();
  return messages;
}

const { found, splitting, failed, finished } = eventsOf(1);

/** A folder that holds recording 1 as it was found, and whose bus knows these events beside. */
async function folderWithFile(t: TestContext, ...events: DailiesEvent[]) {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'r1.mp4'), 'content');
  const { sizeBytes, fingerprint } = await describe(join(folder, 'r1.mp4'));
  const bus = openSqliteBus({ path: join(folder, '.dailies', 'bus.sqlite'), topics: DAILIES_TOPICS });
  await bus.publish([found({ sizeBytes, fingerprint }), ...events].map(encodeEvent));
  await bus.close();
  return { folder, sizeBytes, fingerprint };
}

test('a failed recording gets a new run: its event and its message', async (t) => {
  const { folder, sizeBytes, fingerprint } = await folderWithFile(t, splitting(), failed());
  const { code, out } = await run('replay', '0000', '--recordings', folder);
  assert.equal(code, 0);
  assert.equal(
    out,
    `r1.mp4 is processed again (recording ${idOf(1)}, run 1) as soon as \`dailies run\` or the services are at work.\n`,
  );
  const [message] = await asked(folder);
  assert.deepEqual(message, {
    v: 1,
    type: 'recording',
    recordingId: idOf(1),
    run: 1,
    cut: 'copy',
    kind: 'video',
    path: 'r1.mp4',
    sizeBytes,
    fingerprint,
    foundAt: '2026-08-01T12:00:00.000Z',
  });
  const [entry] = JSON.parse((await run('status', '--recordings', folder, '--json')).out);
  assert.deepEqual([entry.state, entry.run, entry.reason], ['found', 1, null]);
});

test('while it is in work it says what it does, or what it waits for, and nothing is published', async (t) => {
  const { stored, assembling, waiting } = eventsOf(1);
  const says: readonly (readonly [RegExp, readonly DailiesEvent[]])[] = [
    [/r1\.mp4 waits for its turn already\.\n {2}It is processed as soon as/, []],
    [/r1\.mp4 is being processed \(splitting\)\.\n {2}There is nothing to replay/, [splitting()]],
    [/r1\.mp4 is being processed \(grading\)\.\n/, [splitting(), stored(0)]],
    [/r1\.mp4 is being processed \(assembling\)\.\n/, [splitting(), stored(0), assembling()]],
    [/\(grading\) and held up: DISK_FULL: No space\.\n {2}It goes on by itself/, [splitting(), stored(0), waiting()]],
  ];
  for (const [text, events] of says) {
    const folder = await folderWith(t, found(), ...events);
    const { code, err } = await run('replay', 'r1.mp4', '--recordings', folder);
    assert.equal(code, 1);
    assert.match(err, text);
    assert.deepEqual(await asked(folder), []);
  }
});

test('with --force a recording that stands still begins anew, as the next run; no other check is passed over', async (t) => {
  const { folder } = await folderWithFile(t, splitting());
  const { code, err } = await run('replay', 'r1.mp4', '--recordings', folder, '--force');
  assert.equal(code, 0, err);
  assert.deepEqual(
    (await asked(folder)).map(({ run: number }) => number),
    [1],
  );
  writeFileSync(join(folder, 'r1.mp4'), 'other bytes');
  const other = await run('replay', 'r1.mp4', '--recordings', folder, '--force');
  assert.match(other.err, /has another content/);
});

test('when the file is gone, it says where to put it; for an archived one, how', async (t) => {
  const gone = await folderWith(t, found(), failed());
  assert.match(
    (await run('replay', 'r1.mp4', '--recordings', gone)).err,
    /is not in the recordings folder any more\.\n {2}Put it back: .*r1\.mp4/,
  );
  const archived = await folderWith(t, found(), splitting(), finished());
  const { code, err } = await run('replay', 'r1.mp4', '--recordings', archived);
  assert.equal(code, 1);
  assert.ok(err.includes(`mv -n ${archived}/archived/r1.mp4 ${archived}/r1.mp4`), err);
  assert.deepEqual(await asked(archived), []);
});

test('a file with another content is another recording', async (t) => {
  const folder = await folderWith(t, found(), failed());
  writeFileSync(join(folder, 'r1.mp4'), '10 bytes !');
  const { code, err } = await run('replay', 'r1.mp4', '--recordings', folder);
  assert.equal(code, 1);
  assert.match(err, /another content than recording 0000000000000001/);
  assert.deepEqual(await asked(folder), []);
});

test('status without a bus is an empty list; without the folder it is an error', async (t) => {
  const folder = temporaryFolder(t);
  assert.deepEqual(await run('status', '--json', '--recordings', folder), { code: 0, out: '[]\n', err: '' });
  assert.equal((await run('status', '--recordings', folder)).out, 'No recording has been found yet.\n');
  const missing = await run('status', '--recordings', join(folder, 'nope'));
  assert.equal(missing.code, 1);
  assert.match(missing.err, /does not exist/);
});

test('status reads beside a process that has the bus open', async (t) => {
  const folder = await folderWith(t, found());
  const bus = openSqliteBus({ path: join(folder, '.dailies', 'bus.sqlite'), topics: DAILIES_TOPICS });
  t.after(() => bus.close());
  await bus.publish([encodeEvent(splitting())]);
  assert.match((await run('status', '--recordings', folder)).out, /^splitting +0 % +r1\.mp4/);
});

test('on Kafka, a replay where there is no recordings folder asks for it before it asks the broker', async (t) => {
  const missing = join(temporaryFolder(t), 'nope');
  const { code, err } = await run('replay', 'r1.mp4', '--recordings', missing, '--kafka-brokers', 'localhost:1');
  assert.equal(code, 1);
  assert.match(err, /recordings folder .* does not exist/);
});
