import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DailiesEvent, encodeEvent, TOPICS } from '@dailies/contracts';
import { createLogger, type EventSource, followRecordings } from '../src/index.ts';

const A = 'aaaaaaaaaaaaaaaa';
const B = 'bbbbbbbbbbbbbbbb';

function found(recordingId: string, path: string, run = 0): DailiesEvent {
  return {
    v: 1,
    type: 'found',
    recordingId,
    run,
    at: '2026-08-01T10:00:00.000Z',
    path,
    kind: 'video',
    sizeBytes: 9,
    fingerprint: 'f',
  };
}
const failed = (recordingId: string): DailiesEvent => ({
  v: 1,
  type: 'failed',
  recordingId,
  run: 0,
  at: '2026-08-01T10:01:00.000Z',
  code: 'RECORDING_GONE',
  reason: 'gone',
});

/** A bus that holds the given events and takes more later. */
function fakeBus(...history: (DailiesEvent | string)[]) {
  let offset = 0;
  let deliver: ((value: Uint8Array) => void) | null = null;
  const bytes = (event: DailiesEvent | string) =>
    typeof event === 'string' ? Buffer.from(event) : encodeEvent(event).value;
  let closed = false;
  const bus: EventSource = {
    async tail(topic, onRecord, options) {
      assert.equal(topic, TOPICS.events);
      const give = (value: Uint8Array) =>
        onRecord({ topic, headers: {}, value, partition: 0, offset: String(offset++) });
      for (const event of history) give(bytes(event));
      if (options?.follow) deliver = give;
      return {
        close: async () => {
          closed = true;
        },
      };
    },
  };
  return { bus, publish: (event: DailiesEvent | string) => deliver?.(bytes(event)), isClosed: () => closed };
}

function logger() {
  const lines: string[] = [];
  return {
    lines,
    log: createLogger({
      level: 'info',
      format: 'json',
      preferText: false,
      color: false,
      write: (line) => lines.push(line),
    }),
  };
}

test('it has caught up when it resolves, and follows', async () => {
  const { bus, publish } = fakeBus(found(A, 'a.mp4'));
  const view = await followRecordings(bus, logger().log);
  assert.equal(view.get(A)?.state, 'found');
  publish(failed(A));
  assert.equal(view.get(A)?.state, 'failed');
  assert.equal(view.get(B), undefined);
});

test('an event that cannot be read is told once with its place, and those after it count', async () => {
  const { log, lines } = logger();
  const { bus } = fakeBus(found(A, 'a.mp4'), 'no json', '{"v":2,"type":"found"}', found(B, 'b.mp4'));
  const view = await followRecordings(bus, log);
  assert.deepEqual(
    view.all().map((status) => status.recordingId),
    [A, B],
  );
  assert.deepEqual(
    lines.map((line) => [JSON.parse(line).offset, JSON.parse(line).err.code]),
    [
      ['1', 'MESSAGE_INVALID'],
      ['2', 'MESSAGE_INVALID'],
    ],
  );
});

test('a path leads to its newest recording', async () => {
  const { bus, publish } = fakeBus(found(A, 'a.mp4'), found(B, 'a.mp4'));
  const view = await followRecordings(bus, logger().log);
  assert.equal(view.byPath('a.mp4')?.recordingId, B);
  publish(found(A, 'a.mp4', 1));
  assert.equal(view.byPath('a.mp4')?.recordingId, A, 'replayed');
  assert.equal(view.byPath('other.mp4'), undefined);
});

test('changed resolves after the event was applied, and when the reader is closed', async () => {
  const { bus, publish, isClosed } = fakeBus();
  const view = await followRecordings(bus, logger().log);
  const state = view.changed().then(() => view.get(A)?.state);
  publish(found(A, 'a.mp4'));
  assert.equal(await state, 'found');
  const end = view.changed();
  await view.close();
  await end;
  assert.ok(isClosed());
  // It resolved at once: whoever waited in a loop for a state that no event could bring any more spun for ever.
  await assert.rejects(view.changed(), { code: 'ABORTED' });
});

test('a listener sees each event with its state, until it ends that; one that throws stops nobody', async () => {
  const { log, lines } = logger();
  const { bus, publish } = fakeBus();
  const view = await followRecordings(bus, log);
  const seen: string[] = [];
  view.onEvent(() => {
    throw new Error('broken reader');
  });
  const end = view.onEvent((event, status) => seen.push(`${event.type} ${status.state}`));
  publish(found(A, 'a.mp4'));
  end();
  publish(failed(A));
  assert.deepEqual(seen, ['found found']);
  assert.match(lines.join(''), /broken reader/);
});
