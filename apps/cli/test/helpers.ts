import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openBus } from '@dailies/bus';
import { applyEvent, type DailiesEvent, type RecordingStatus, type RecordingsView } from '@dailies/contracts';
import type { Context } from '../src/command.ts';
import type { Output } from '../src/screen.ts';

const BASE = { v: 1, run: 0, at: '2026-08-01T10:00:00.000Z' } as const;
type Fields<T extends DailiesEvent['type']> = Partial<Omit<Extract<DailiesEvent, { type: T }>, 'type'>>;

export const idOf = (n: number): string => n.toString(16).padStart(16, '0');

/** Events of recording `n`, with what a test does not care about filled in. */
export function eventsOf(n: number) {
  const base = { ...BASE, recordingId: idOf(n) };
  const batch = { cut: 'copy', index: 0, frames: 100, bytes: 1 } as const;
  const file = { path: `r${n}.mp4`, kind: 'video', sizeBytes: 10, fingerprint: 'f' } as const;
  return {
    found: (fields: Fields<'found'> = {}): DailiesEvent => ({ ...base, ...file, type: 'found', ...fields }),
    splitting: (fields: Fields<'splitting'> = {}): DailiesEvent => ({
      ...base,
      type: 'splitting',
      cut: 'copy',
      frames: 600,
      durationMs: 20_000,
      look: 'both',
      ...fields,
    }),
    stored: (index: number, fields: Fields<'batch-stored'> = {}): DailiesEvent => ({
      ...base,
      ...batch,
      type: 'batch-stored',
      index,
      worker: 'w',
      gradeMs: 1,
      ...fields,
    }),
    assembling: (): DailiesEvent => ({ ...base, type: 'assembling' }),
    waiting: (fields: Fields<'waiting'> = {}): DailiesEvent => ({
      ...base,
      type: 'waiting',
      code: 'DISK_FULL',
      reason: 'No space.',
      ...fields,
    }),
    finished: (fields: Fields<'finished'> = {}): DailiesEvent => ({
      ...base,
      type: 'finished',
      film: `r${n}.mp4`,
      archived: `r${n}.mp4`,
      frames: 600,
      durationMs: 20_000,
      filmBytes: 5_000_000,
      ...fields,
    }),
    failed: (fields: Fields<'failed'> = {}): DailiesEvent => ({
      ...base,
      type: 'failed',
      code: 'RECORDING_GONE',
      reason: 'It is gone.',
      ...fields,
    }),
    quarantined: (fields: Fields<'quarantined'> = {}): DailiesEvent => ({
      ...base,
      ...file,
      type: 'quarantined',
      code: 'RECORDING_NO_MOOV',
      reason: 'No moov.',
      ...fields,
    }),
  };
}

/** The states that events lead to, in the order in which recordings were found. */
export function statusesOf(...events: DailiesEvent[]): RecordingStatus[] {
  const view: RecordingsView = new Map();
  for (const event of events) applyEvent(view, event);
  return [...view.values()];
}

export function statusOf(...events: DailiesEvent[]): RecordingStatus {
  const [status] = statusesOf(...events);
  if (!status) throw new Error('no event');
  return status;
}

/** An output that keeps what is written. */
export function fakeOutput(
  options: { isLost?: boolean; isTerminal?: boolean; columns?: number; rows?: number } = {},
): Output & { text(): string } {
  let written = '';
  return {
    write: (text) => {
      written += text;
    },
    isLost: () => options.isLost ?? false,
    isTerminal: options.isTerminal ?? false,
    columns: () => options.columns ?? 80,
    rows: () => options.rows ?? 24,
    text: () => written,
  };
}

export function fakeContext(env: Record<string, string> = {}) {
  const stdout = fakeOutput();
  const stderr = fakeOutput();
  const signals = new Set<(signal: string) => void>();
  const context: Context = {
    env,
    cwd: '/',
    pid: 42,
    stdout,
    stderr,
    openBus: (settings, options = {}) => openBus(settings, { ...options, clientId: 'test' }),
    kafkaTopics: async () => [],
    brokerClock: async () => null,
    hooks: {
      onSignal(callback) {
        signals.add(callback);
        return () => signals.delete(callback);
      },
      onFatal: () => () => {},
    },
    version: '1.2.3',
    exitNow: () => {},
    now: () => Date.parse('2026-08-01T12:00:00.000Z'),
  };
  return {
    context,
    stdout,
    stderr,
    signal: (name: string): void => {
      for (const callback of [...signals]) callback(name);
    },
    listeners: () => signals.size,
  };
}

export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'dailies-cli-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A name that repaints the screen, forges a line, and turns the direction of text. */
export const HOSTILE_NAME = 'a\n09:00:00 info  forged\r\x1b[2J\x1b]0;title\x07\x9b31m\u202egpj.mp4';
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
export const RAW_CONTROL = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/;
