import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { ConsumeOptions } from '@dailies/bus';
import {
  applyEvent,
  DailiesError,
  type DailiesEvent,
  encodeEvent,
  encodeGraded,
  type RecordingsView,
  TOPICS,
} from '@dailies/contracts';
import { createLogger, METRICS, openMonitor, type RecordingsReader } from '../../src/index.ts';
import { handBus, openTestMonitor, recordOf } from './helpers.ts';

const ID = '00000000000000aa';
const BATCHES = TOPICS.frameBatches;
const consuming = (topic: string, handler: ConsumeOptions['handler']): ConsumeOptions => ({
  topic,
  group: 'g',
  concurrency: 1,
  attempts: 2,
  backoff: { initialMs: 1, maxMs: 1, factor: 1 },
  handler,
});
const graded = encodeGraded(
  {
    v: 1,
    type: 'graded-batch',
    kind: 'video',
    recordingId: ID,
    run: 0,
    cut: 'copy',
    index: 0,
    ptsDeltas: [0, 1, 1],
    endPts: 3,
    worker: 'w',
    gradeMs: 1,
    sha256: '',
    part: 0,
    parts: 1,
  },
  new Uint8Array(7),
);
const sent = (index: number): DailiesEvent => ({
  v: 1,
  type: 'batch-sent',
  recordingId: ID,
  run: 0,
  at: '2026-08-01T10:00:00.000Z',
  cut: 'copy',
  index,
  frames: 1,
  bytes: 1,
});

test('what goes through the bus is counted, and the handler gets and answers what it did without', async (t) => {
  const { monitor, value } = await openTestMonitor(t);
  const { bus, deliver } = handBus();
  const measured = monitor.bus(bus);
  await measured.consume(consuming(BATCHES, async () => [graded]));
  assert.deepEqual(await deliver(recordOf(BATCHES, 'a')), [graded]);
  await measured.publish([encodeEvent(sent(0))]);
  assert.equal(await value(`dailies_records_in_total{topic="${BATCHES}"}`), 1);
  assert.equal(await value(`dailies_record_bytes_in_total{topic="${BATCHES}"}`), 10);
  assert.equal(await value(`dailies_records_out_total{topic="${TOPICS.graded}"}`), 1);
  assert.equal(await value(`dailies_record_bytes_out_total{topic="${TOPICS.graded}"}`), 7);
  assert.equal(await value(`dailies_records_out_total{topic="${TOPICS.events}"}`), 1);
  assert.equal(await value('dailies_frames_graded_total'), 3);
  assert.equal(await value(`dailies_handler_seconds_count{topic="${BATCHES}",result="done"}`), 1);
  assert.equal(await value(`dailies_handlers_running{topic="${BATCHES}"}`), 0);
});

test('the frames of a batch in parts are counted once', async (t) => {
  const { monitor, value } = await openTestMonitor(t);
  const { bus, deliver } = handBus();
  const parts = [0, 1, 2].map((part) => {
    const manifest = { ...(JSON.parse(graded.headers.manifest as string) as object), part, parts: 3 };
    return { ...graded, headers: { manifest: JSON.stringify(manifest) } };
  });
  await monitor.bus(bus).consume(consuming(BATCHES, async () => parts));
  await deliver(recordOf(BATCHES, 'a'));
  assert.equal(await value('dailies_frames_graded_total'), 3);
  assert.equal(await value(`dailies_records_out_total{topic="${TOPICS.graded}"}`), 3);
});

test('failures are counted by their code, and ffmpeg’s apart; work that was given back is none', async (t) => {
  const { monitor, value } = await openTestMonitor(t);
  const { bus, consumers, deliver } = handBus();
  const failure = new DailiesError('FFMPEG_FAILED', 'no');
  const told: string[] = [];
  await monitor.bus(bus).consume({
    ...consuming(BATCHES, async () => {
      throw failure;
    }),
    onRetry: (_record, error, delayMs) => void told.push(`${error.code} ${delayMs}`),
    onDeadLetter: () => [graded],
  });
  const record = recordOf(BATCHES, 'a');
  await assert.rejects(async () => deliver(record), failure);
  await assert.rejects(async () => deliver(record, AbortSignal.abort()), failure);
  consumers[0]?.onRetry?.(record, failure, 5);
  assert.deepEqual(consumers[0]?.onDeadLetter?.(record, failure), [graded]);
  assert.deepEqual(told, ['FFMPEG_FAILED 5']);
  const labels = `{topic="${BATCHES}",code="FFMPEG_FAILED"}`;
  assert.equal(await value(`dailies_handler_failures_total${labels}`), 1);
  assert.equal(await value('dailies_ffmpeg_failures_total{code="FFMPEG_FAILED"}'), 1);
  assert.equal(await value(`dailies_retries_total${labels}`), 1);
  assert.equal(await value(`dailies_dead_letters_total${labels}`), 1);
  assert.equal(await value(`dailies_handler_seconds_count{topic="${BATCHES}",result="given_back"}`), 1);
});

test('lag, recordings by state, and the window of what is split here are read at each scrape', async (t) => {
  const { monitor, value } = await openTestMonitor(t);
  const { bus, deliver } = handBus();
  const view: RecordingsView = new Map();
  for (const event of [sent(0), sent(1), { ...sent(2), recordingId: '00000000000000bb' }]) applyEvent(view, event);
  monitor.view({ get: (id) => view.get(id), all: () => [...view.values()] } as RecordingsReader);
  monitor.window(12);
  const release = Promise.withResolvers<void>();
  await monitor.bus(bus).consume(consuming(TOPICS.recordings, () => release.promise));
  const running = deliver(recordOf(TOPICS.recordings, ID));
  assert.equal(await value('dailies_window_batches'), 2);
  assert.equal(await value('dailies_window_limit_batches'), 12);
  assert.equal(await value('dailies_recordings{state="found"}'), 2);
  assert.equal(await value('dailies_recordings{state="failed"}'), 0);
  assert.equal(await value('dailies_lag_records{topic="dailies.frame-batches",group="filter-worker"}'), 3);
  assert.equal(await value('dailies_in_flight_records{topic="dailies.frame-batches",group="filter-worker"}'), 2);
  assert.equal(await value('dailies_bus_up'), 1);
  release.resolve();
  await running;
  assert.equal(await value('dailies_window_batches'), 0);
});

test('ready from the start of work to the stop, and only while the bus answers and every check holds', async (t) => {
  const { monitor, get, value } = await openTestMonitor(t);
  assert.equal((await get('/healthz')).status, 200, 'it lives while it starts');
  assert.equal((await get('/readyz')).status, 503);
  let busFails = false;
  let diskFull = false;
  const lag = async () => {
    if (busFails) throw new DailiesError('BUS_FAILED', 'No broker answers.');
    return [];
  };
  monitor.bus(handBus({ lag }).bus);
  monitor.check('folders', async () => {
    if (diskFull) throw new DailiesError('DISK_FULL', 'No space in /work.');
  });
  monitor.atWork(true);
  assert.equal((await get('/readyz')).status, 200);
  busFails = true;
  diskFull = true;
  const { status, text } = await get('/readyz');
  assert.equal(status, 503);
  assert.deepEqual(JSON.parse(text).problems, [
    { what: 'bus', code: 'BUS_FAILED', message: 'No broker answers.' },
    { what: 'folders', code: 'DISK_FULL', message: 'No space in /work.' },
  ]);
  assert.equal(await value('dailies_bus_up'), 0, 'a scrape does not fail with the bus');
  busFails = false;
  diskFull = false;
  monitor.atWork(false);
  assert.equal((await get('/readyz')).status, 503);
});

test('a consumer that has ended by itself is told, and its error still reaches who waits for it', async (t) => {
  const { monitor, get } = await openTestMonitor(t);
  const { bus, done } = handBus();
  const consumer = await monitor.bus(bus).consume(consuming(BATCHES, async () => {}));
  monitor.atWork(true);
  done.reject(new DailiesError('BUS_FAILED', 'The file is damaged.'));
  await assert.rejects(consumer.done, { message: 'The file is damaged.' });
  const { status, text } = await get('/readyz');
  assert.equal(status, 503);
  assert.match(text, /The consumer of dailies\.frame-batches has ended/);
});

test('every declared metric is served, and every served dailies_ metric is declared', async (t) => {
  const { monitor, get } = await openTestMonitor(t);
  monitor.bus(handBus().bus);
  const { text } = await get('/metrics');
  const served = [...text.matchAll(/^# TYPE (dailies_\w+) (\w+)$/gm)].map(([, name, type]) => `${name} ${type}`);
  assert.deepEqual(
    served.sort(),
    Object.values(METRICS)
      .map(({ name, type }) => `${name} ${type}`)
      .sort(),
  );
  assert.match(text, /^dailies_build_info\{service="sweeper",version="1\.2\.3",node="v\d+/m);
  assert.match(text, /^process_cpu_seconds_total /m);
});

test('a port that is taken is named with what to do; without a port nothing is opened', async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const log = createLogger({ level: 'silent', format: 'json', preferText: false, color: false, write: () => {} });
  const options = { host: '127.0.0.1', service: 's', version: '1', log };
  await assert.rejects(openMonitor({ ...options, port }), {
    code: 'CONFIG_INVALID',
    message: /HTTP_PORT \d+ .* taken/,
  });
  const { bus } = handBus();
  const silent = await openMonitor({ ...options, port: undefined });
  assert.equal(silent.bus(bus), bus);
  await silent.close();
});

test('a bus that does not answer is asked once, however many wait for it', async (t) => {
  const { monitor, get } = await openTestMonitor(t);
  const answer = Promise.withResolvers<never[]>();
  let asked = 0;
  let waiting = 0;
  const lag = async () => {
    asked++;
    return answer.promise;
  };
  monitor.bus(handBus({ lag }).bus);
  monitor.check('both are here', async () => {
    waiting++;
    if (waiting === 2) answer.resolve([]);
  });
  monitor.atWork(true);
  const answers = await Promise.all([get('/readyz'), get('/readyz')]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200],
  );
  assert.equal(asked, 1);
});
