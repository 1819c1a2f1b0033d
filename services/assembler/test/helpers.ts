import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { TestContext } from 'node:test';
import {
  applyEvent,
  type BatchFailed,
  decodeEvent,
  type EncodedMessage,
  type GradedBatch,
  type RecordingMessage,
  type RecordingStatus,
  type RecordingsView,
  type SplitComplete,
  sha256,
  TOPICS,
} from '@dailies/contracts';
import { fingerprint, openLibrary } from '@dailies/library';
import type { AssemblerPorts } from '../src/ports.ts';

export const ID = '0123456789abcdef';
const AT = '2026-08-01T10:00:00.000Z';
export const PATH = 's/room.mp4';
export const ORIGINAL = 'the recording';
export const NEVER = new AbortController().signal;

/** Bytes of the graded batch of an index. */
export const payloadOf = (index: number): Uint8Array => Buffer.from(`graded ${index};`);

export function graded(index: number, over: Partial<GradedBatch> = {}): GradedBatch {
  return {
    v: 1,
    type: 'graded-batch',
    kind: 'video',
    recordingId: ID,
    run: 0,
    cut: 'copy',
    index,
    ptsDeltas: [index * 2, 1],
    endPts: index * 2 + 2,
    worker: 'w',
    gradeMs: 5,
    sha256: sha256(payloadOf(index)),
    part: 0,
    parts: 1,
    ...over,
  };
}

/** The graded batch of an index in so many parts, of the bytes that `payloadOf` says or of others. */
export function partsOf(index: number, parts: number, bytes: Uint8Array = payloadOf(index)) {
  const size = Math.ceil(bytes.byteLength / parts);
  return Array.from({ length: parts }, (_, part) => ({
    message: graded(index, { part, parts, sha256: sha256(bytes) }),
    payload: bytes.subarray(part * size, (part + 1) * size),
  }));
}

export function batchFailed(over: Partial<BatchFailed> = {}): BatchFailed {
  return {
    v: 1,
    type: 'batch-failed',
    recordingId: ID,
    run: 0,
    cut: 'copy',
    index: 1,
    code: 'FFMPEG_FAILED',
    reason: 'ffmpeg said no.',
    worker: 'w',
    ...over,
  };
}

/** A recordings folder with one recording in it, and ports on real folders; only ffmpeg is a fake. */
export async function makeStage(t: TestContext) {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'dailies-assembler-')));
  t.after(() => rm(root, { recursive: true, force: true }));
  const library = openLibrary({ recordings: root });
  await library.ensure();
  const file = join(root, PATH);
  const put = async (text = ORIGINAL): Promise<void> => {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  };
  await put();
  const mark = await fingerprint(file);
  const complete = (over: Partial<SplitComplete> = {}): SplitComplete => ({
    v: 1,
    type: 'split-complete',
    recordingId: ID,
    run: 0,
    cut: 'copy',
    kind: 'video',
    path: PATH,
    sizeBytes: ORIGINAL.length,
    fingerprint: mark,
    look: 'both',
    batches: 2,
    frames: 4,
    timeBase: { num: 1, den: 30 },
    picture: null,
    ...over,
  });
  const published: EncodedMessage[] = [];
  const found = (run = 0) =>
    ({ v: 1, recordingId: ID, run, path: PATH, kind: 'video', sizeBytes: ORIGINAL.length, fingerprint: mark }) as const;
  const ports = (view: AssemblerPorts['view'], over: Partial<AssemblerPorts> = {}): AssemblerPorts => ({
    view,
    async readAll() {
      const all = viewOf(published, foundEvent(found()));
      all.catchUp();
      return all;
    },
    noted: new Map(),
    batches: library.batches,
    parts: library.parts,
    notes: library.notes,
    films: library.films,
    resolve: (path) => library.inside(path),
    absent: () => library.absent(),
    describe: (path) => library.describe(path),
    writeImage: (path, bytes) => writeFile(path, bytes),
    readAhead: () => {},
    async makeFilm({ batches, film }) {
      let text = '';
      for (const batch of batches) text += Buffer.from(await batch.read()).toString();
      await writeFile(film, text);
      return { frames: batches.reduce((sum, batch) => sum + batch.pts.length, 0), durationMs: 133, container: 'mp4' };
    },
    publish: async (messages) => void published.push(...messages),
    warn: () => {},
    now: () => Date.parse(AT),
    ...over,
  });
  return { root, library, file, put, complete, found, published, ports };
}

/** A view over a growing list of messages that shows the events up to a place in it. */
export function viewOf(messages: readonly EncodedMessage[], first: Parameters<typeof applyEvent>[1]) {
  const states: RecordingsView = new Map();
  const listeners = new Set<(event: Parameters<typeof applyEvent>[1], status: RecordingStatus) => void>();
  let at = 0;
  applyEvent(states, first);
  return {
    get: (id: string) => states.get(id),
    all: () => [...states.values()],
    byPath: () => undefined,
    changed: () => Promise.resolve(),
    onEvent(callback: Parameters<typeof listeners.add>[0]) {
      listeners.add(callback);
      return () => listeners.delete(callback);
    },
    close: async () => {},
    catchUp(): void {
      for (; at < messages.length; at++) {
        const message = messages[at];
        if (message?.topic !== TOPICS.events) continue;
        const event = decodeEvent(message);
        const status = applyEvent(states, event);
        for (const listener of listeners) listener(event, status);
      }
    },
  };
}

export const foundEvent = (facts: Omit<RecordingMessage, 'type' | 'cut' | 'foundAt'>) =>
  ({ ...facts, type: 'found', at: AT }) as const;

/** Files below a folder with what they hold, and folders that are empty. */
export async function contents(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const found: Record<string, string> = {};
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) found[relative(folder, path)] = await readFile(path, 'utf8');
    else if ((await readdir(path)).length === 0) found[`${relative(folder, path)}/`] = 'empty';
  }
  return found;
}

export const eventTypes = (messages: readonly EncodedMessage[]): string[] =>
  messages.filter((message) => message.topic === TOPICS.events).map((message) => decodeEvent(message).type);

export type Stage = Awaited<ReturnType<typeof makeStage>>;
