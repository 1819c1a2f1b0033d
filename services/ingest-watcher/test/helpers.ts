import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  applyEvent,
  type DailiesEvent,
  decodeEvent,
  decodeRecording,
  type RecordingMessage,
  type RecordingsView,
  TOPICS,
} from '@dailies/contracts';
import { type Library, openLibrary } from '@dailies/library';
import { createLogger, type RecordingsReader } from '@dailies/service';
import {
  type Clock,
  createIngestWatcher,
  type IngestWatcher,
  type IngestWatcherOptions,
  type WatcherConfig,
} from '../src/index.ts';

export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'dailies-watcher-')));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function put(file: string, content: string | Uint8Array): Promise<string> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  return file;
}

/** The structure of a finished MP4, with a text as its content. */
export function mp4(text: string): Buffer {
  const box = (type: string, body: Uint8Array): Buffer => {
    const header = Buffer.alloc(8);
    header.writeUInt32BE(8 + body.length, 0);
    header.write(type, 4, 'latin1');
    return Buffer.concat([header, body]);
  };
  return Buffer.concat([
    box('ftyp', Buffer.from('isom0000')),
    box('mdat', Buffer.from(text)),
    box('moov', box('mvhd', Buffer.alloc(100))),
  ]);
}

/** A bus that keeps what was published, and the view that follows it, always a turn later. */
export function fakeBus() {
  const publishes: { recordings: RecordingMessage[]; events: DailiesEvent[] }[] = [];
  const view: RecordingsView = new Map();
  const newest = new Map<string, string>();
  const callbacks = new Set<Parameters<RecordingsReader['onEvent']>[0]>();
  let next = Promise.withResolvers<void>();
  const failures: Error[] = [];
  let lag: Promise<void> = Promise.resolve();
  let gate: Promise<void> = Promise.resolve();

  const apply = (event: DailiesEvent): void => {
    const status = applyEvent(view, event);
    if (event.type === 'found' || event.type === 'quarantined') newest.set(event.path, event.recordingId);
    for (const callback of callbacks) callback(event, status);
  };
  const tell = (): void => {
    const arrived = next;
    next = Promise.withResolvers();
    arrived.resolve();
  };
  const reader: RecordingsReader = {
    get: (id) => view.get(id),
    all: () => [...view.values()],
    byPath: (path) => view.get(newest.get(path) ?? ''),
    changed: () => next.promise,
    onEvent(callback) {
      callbacks.add(callback);
      return () => callbacks.delete(callback);
    },
    close: async () => undefined,
  };
  return {
    publishes,
    reader,
    apply,
    /** The next publish fails with this. */
    fail: (error: Error) => void failures.push(error),
    async publish(messages: Parameters<IngestWatcherOptions['bus']['publish']>[0]): Promise<void> {
      const failure = failures.shift();
      if (failure) throw failure;
      await gate;
      const raw = messages.map(({ topic, value, headers }) => ({ topic, value, headers: headers ?? {} }));
      const events = raw.filter(({ topic }) => topic === TOPICS.events).map(decodeEvent);
      publishes.push({
        recordings: raw.filter(({ topic }) => topic === TOPICS.recordings).map(decodeRecording),
        events,
      });
      tell();
      setImmediate(async () => {
        await lag;
        for (const event of events) apply(event);
        tell();
      });
    },
    /** The view learns nothing more until this resolves. */
    lagUntil(until: Promise<void>): void {
      lag = until;
    },
    /** Publishing takes until this resolves. */
    publishAfter(until: Promise<void>): void {
      gate = until;
    },
    /** Resolves when so many messages in all have been published. */
    async published(count: number): Promise<void> {
      while (publishes.length < count) await next.promise;
    },
    /** Paths of the recordings that were announced, in order. */
    announced: () => publishes.flatMap(({ recordings }) => recordings.map(({ path }) => path)),
    events: () => publishes.flatMap(({ events }) => events),
  };
}

/** Patient about what only a scan or a long quiet would find, quick about the rest: what comes, comes by file events. */
export const QUICK: WatcherConfig = {
  quietMs: 60_000,
  stableMs: 20,
  rescanMs: 60_000,
  watchPolling: 'off',
  metadataWaitMs: 0,
  meetingGapMinutes: 30,
  attempts: 3,
  backoffMs: 1,
  backoffMaxMs: 5,
};

export interface Started {
  readonly watcher: IngestWatcher;
  readonly library: Library;
  readonly bus: ReturnType<typeof fakeBus>;
  /** Log lines, parsed. */
  readonly lines: Record<string, unknown>[];
  /** Absolute path in the recordings folder. */
  at(path: string): string;
  readonly inspected: string[];
}

/** A watcher at work on a real folder; stopped after the test. */
export async function startWatcher(
  t: TestContext,
  options: {
    config?: Partial<WatcherConfig>;
    clock?: Clock;
    inspect?: IngestWatcherOptions['inspect'];
    bus?: ReturnType<typeof fakeBus>;
    recordings?: string;
    library?: (library: Library) => Library;
  } = {},
): Promise<Started> {
  const recordings = options.recordings ?? join(await temporaryFolder(t), 'recordings');
  const bus = options.bus ?? fakeBus();
  const opened = openLibrary({ recordings });
  const library = options.library?.(opened) ?? opened;
  const lines: Record<string, unknown>[] = [];
  const inspected: string[] = [];
  const watcher = createIngestWatcher({
    bus,
    library,
    view: bus.reader,
    log: createLogger({
      level: 'debug',
      format: 'json',
      preferText: false,
      color: false,
      write: (line) => void lines.push(JSON.parse(line)),
    }),
    config: { ...QUICK, ...options.config },
    async inspect(file, signal) {
      inspected.push(file.slice(recordings.length + 1));
      return (await options.inspect?.(file, signal)) ?? { kind: 'video', durationMs: 1000 };
    },
    ...(options.clock ? { clock: options.clock } : {}),
  });
  t.after(() => watcher.stop({ drainMs: 0 }));
  await watcher.start();
  return { watcher, library, bus, lines, inspected, at: (path) => join(recordings, path) };
}

/** Counts the scans of a library. */
export function countScans() {
  let scans = 0;
  let next = Promise.withResolvers<void>();
  return {
    wrap: (library: Library): Library => ({
      ...library,
      async *scan(options) {
        yield* library.scan(options);
        scans += 1;
        next.resolve();
        next = Promise.withResolvers();
      },
    }),
    get count(): number {
      return scans;
    },
    async reached(count: number): Promise<void> {
      while (scans < count) await next.promise;
    },
  };
}

/** Lets everything run that can run without an event from outside. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** A clock that stands still until the test moves it. For one sleeper: the loop of the watcher. */
export function manualClock() {
  let nowMs = 1_000_000;
  const startedWallMs = Date.now();
  let alarm: { dueMs: number; ring: () => void } | null = null;
  let slept = Promise.withResolvers<void>();
  let hasSleeper = false;
  const clock: Clock = {
    steadyMs: () => nowMs,
    wallMs: () => startedWallMs + nowMs,
    after(ms, callback) {
      const mine = { dueMs: nowMs + ms, ring: callback };
      alarm = mine;
      hasSleeper = true;
      slept.resolve();
      slept = Promise.withResolvers();
      return () => {
        if (alarm === mine) alarm = null;
      };
    },
  };
  /** Moves time on; resolves when the loop has done what was due by then. */
  async function pass(ms: number): Promise<void> {
    // Time stands still during a turn: a loop that something else woke would see two times in it.
    while (hasSleeper && !alarm) await slept.promise;
    nowMs += ms;
    while (alarm && alarm.dueMs <= nowMs) {
      const again = slept.promise;
      const { ring } = alarm;
      alarm = null;
      ring();
      await again;
    }
    // What runs beside the loop and wakes it gets a turn, too.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return {
    ...clock,
    pass,
    /** Resolves when the loop has gone to sleep (once more). */
    asleep: () => slept.promise,
    /** Lets time pass, second by second. */
    async passFor(ms: number): Promise<void> {
      for (let passed = 0; passed < ms; passed += 1000) await pass(1000);
    },
    /** Lets time pass until something has happened. */
    async passUntil(happened: () => boolean): Promise<void> {
      while (!happened()) await pass(1000);
    },
  };
}
