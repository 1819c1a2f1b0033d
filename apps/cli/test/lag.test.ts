import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openBus } from '@dailies/bus';
import { encodeRecording } from '@dailies/contracts';
import { busFields, libraryFields, loadConfig } from '@dailies/service';
import { lag, lagText } from '../src/commands/lag.ts';
import { fakeContext, idOf, temporaryFolder } from './helpers.ts';

test('it shows how many records wait for which service, beside a process that may be at work', async (t) => {
  const folder = temporaryFolder(t);
  const settings = loadConfig([...libraryFields, ...busFields], { env: { RECORDINGS_DIR: folder }, argv: [] });
  const bus = await openBus(settings, { clientId: 'test' });
  t.after(() => bus.close());
  await bus.publish([
    encodeRecording({
      v: 1,
      type: 'recording',
      recordingId: idOf(1),
      run: 0,
      cut: 'copy',
      kind: 'video',
      path: 'r1.mp4',
      sizeBytes: 1,
      fingerprint: 'f',
      foundAt: '2026-08-01T10:00:00.000Z',
    }),
  ]);
  const { context, stdout } = fakeContext();
  assert.equal(await lag.run(context, ['--recordings', folder, '--json']), 0);
  const found = JSON.parse(stdout.text()).find(({ topic }: { topic: string }) => topic === 'dailies.recordings');
  assert.deepEqual(found, { topic: 'dailies.recordings', group: 'frame-splitter', waiting: 1, inFlight: 0 });
});

test('people get a table, or the word that nothing waits', () => {
  assert.equal(
    lagText([
      { topic: 'dailies.recordings', group: 'frame-splitter', waiting: 0, inFlight: 12 },
      { topic: 'dailies.graded', group: 'assembler', waiting: 1234, inFlight: 0 },
    ]),
    `topic               service         waiting  in hand
dailies.recordings  frame-splitter        0       12
dailies.graded      assembler          1234        0
`,
  );
  assert.match(lagText([]), /nothing waits/);
});
