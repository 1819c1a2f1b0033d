import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openBus } from '@dailies/bus';
import { isFinal, type RecordingStatus } from '@dailies/contracts';
import {
  busFields,
  createLogger,
  followRecordings,
  libraryFields,
  loadConfig,
  type RecordingsReader,
} from '@dailies/service';
import { killGroup } from './dailies.ts';

export const SERVICES = ['assembler', 'filter-worker', 'frame-splitter', 'ingest-watcher'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** A service in a process of its own. */
export interface RunningService {
  readonly name: ServiceName;
  readonly child: ChildProcess;
  /** What it wrote so far, stdout and stderr. */
  output(): string;
  /** Resolves with the first line of its log that has this message; rejects when the process ends before. */
  said(message: string): Promise<Readonly<Record<string, unknown>>>;
  /** Signals it and waits for its end. @returns the exit code, null when a signal ended it */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts a service as `npm start -w services/NAME` does; it is killed with all that it started when the test ends. */
export function startService(t: TestContext, name: ServiceName, env: Record<string, string>): RunningService {
  const main = fileURLToPath(new URL(`../../services/${name}/src/main.ts`, import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, QUIET_MS: '1000', STABLE_MS: '100', ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  t.after(async () => {
    killGroup(child);
    await exited;
  });
  let output = '';
  const lines: Record<string, unknown>[] = [];
  const waiting = new Set<() => void>();
  const log = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  // A process has ended before all that it wrote has been read.
  const readAll = once(log, 'close');
  log.on('line', (line) => {
    output += `${line}\n`;
    lines.push(JSON.parse(line) as Record<string, unknown>);
    for (const look of waiting) look();
  });
  child.stderr?.on('data', (chunk) => (output += chunk));
  return {
    name,
    child,
    output: () => output,
    said(message) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          const line = lines.find(({ msg }) => msg === message);
          if (!line) return;
          waiting.delete(look);
          resolve(line);
        };
        waiting.add(look);
        look();
        void Promise.all([exited, readAll]).then(([[code]]) =>
          reject(new Error(`${name} ended (${code}) without "${message}": ${output}`)),
        );
      });
    },
    async end(signal = 'SIGTERM') {
      child.kill(signal);
      const [code] = await exited;
      return code;
    },
  };
}

/** The state of all recordings as the events tell, followed until the test ends. */
export async function follow(
  t: TestContext,
  bus: { readonly busPath: string } | { readonly kafkaBrokers: string },
): Promise<RecordingsReader> {
  const log = createLogger({ level: 'silent', format: 'json', preferText: false, color: false, write: () => {} });
  const defaults = loadConfig([...libraryFields, ...busFields], { env: {}, argv: [] });
  const opened = await openBus({ ...defaults, ...bus }, { clientId: 'test' });
  t.after(() => opened.close());
  return followRecordings(opened, log);
}

/** Resolves with the recordings of these paths when all of them have ended, in this run or a later one, in whatever way. */
export async function ended(view: RecordingsReader, paths: readonly string[], run = 0): Promise<RecordingStatus[]> {
  for (;;) {
    const over = paths
      .flatMap((path) => view.byPath(path) ?? [])
      .filter((status) => isFinal(status.state) && status.run >= run);
    if (over.length === paths.length) return over;
    await view.changed();
  }
}

/**
 * Resolves when nothing is left in the work folder. The assembler removes it when it SEES that a recording has ended, which
 * may be a little later than we do; told to stop in between, it leaves that to the next start.
 */
export async function workRemoved(room: { files(below: string): Promise<string[]> }): Promise<void> {
  const deadline = performance.now() + 120_000;
  for (;;) {
    const left = await room.files('work');
    if (left.length === 0) return;
    if (performance.now() > deadline) throw new Error(`still in work/: ${left.join(', ')}`);
    await sleep(50);
  }
}
