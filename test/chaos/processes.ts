import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { killGroup } from '../helpers/dailies.ts';
import type { ServiceName } from '../helpers/services.ts';
import type { FaultKind } from './faults.ts';

/** An end that nobody asked for: on Kafka a service ends when its bus is lost, and its supervisor starts it again. */
export interface OwnEnd {
  readonly name: string;
  readonly exit: string;
}

/** The place of one service process, which is filled again whenever the process has ended. */
export interface Place {
  readonly name: string;
  readonly service: ServiceName;
  /** What all processes that were here wrote, one after the other. */
  readonly log: string;
  /** Whether its process runs and nothing is done to it. */
  readonly up: boolean;
  /** Hits the process and resolves when it, or its successor, runs undisturbed. */
  hit(kind: FaultKind, options: { readonly withChildren: boolean; readonly forMs: number }): Promise<void>;
  /** Ends it for good by SIGTERM, once it is at work. @returns its exit code, or the signal */
  end(): Promise<number | NodeJS.Signals | null>;
  /** At once, with all that it started. */
  destroy(): void;
}

export interface PlaceOptions {
  readonly name: string;
  readonly service: ServiceName;
  readonly log: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What runs Node, e.g. `taskset -c 0`. */
  readonly before?: readonly string[];
  onOwnEnd(end: OwnEnd): void;
}

/** Longer than any drain; who has not ended by then will not. */
const END_MS = 90_000;
/** How long a process may take until it is at work when nothing disturbs it any more. */
const START_MS = 240_000;
/** Pause before a process that ended by itself is started again, as a supervisor makes it. */
const SUPERVISOR_MS = 1000;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Fills a place with its first process. */
export function openPlace({ name, service, log, env, before = [], onOwnEnd }: PlaceOptions): Place {
  const main = fileURLToPath(new URL(`../../services/${service}/src/main.ts`, import.meta.url));
  let closed = false;
  let disturbed = false;
  /** Bytes of the log that earlier processes wrote. */
  let earlier = 0;
  let child = start();

  function start(): ChildProcess {
    // Written by the process itself, so that a harness that is slow to read holds up nobody.
    const fd = openSync(log, 'a');
    earlier = fstatSync(fd).size;
    const [program, ...args] = [...before, process.execPath, main];
    const started = spawn(program, args, { env: { ...env }, detached: true, stdio: ['ignore', fd, fd] });
    closeSync(fd);
    started.once('exit', (code, signal) => {
      if (started !== child || disturbed || closed) return;
      onOwnEnd({ name, exit: String(code ?? signal) });
      setTimeout(() => {
        if (!closed && child === started) child = start();
      }, SUPERVISOR_MS);
    });
    return started;
  }
  /** Resolves when its process is at work, or is late with it: then its end tells. */
  const atWork = async (): Promise<void> => {
    const deadline = performance.now() + START_MS;
    while (performance.now() < deadline) {
      const written = (await readFile(log)).subarray(earlier).toString('utf8');
      if (!isOver() && !disturbed && written.includes('"msg":"at work"')) return;
      await sleep(100);
    }
  };
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const signal = (name: NodeJS.Signals, withChildren: boolean): void => {
    if (child.pid === undefined || isOver()) return;
    try {
      process.kill(withChildren ? -child.pid : child.pid, name);
    } catch {
      // it has ended in this moment
    }
  };
  /** @returns whether it has ended in time */
  const exited = async (): Promise<boolean> => {
    if (isOver()) return true;
    const ended = once(child, 'exit', { signal: AbortSignal.timeout(END_MS) });
    return ended.then(
      () => true,
      () => false,
    );
  };

  return {
    name,
    service,
    log,
    get up() {
      return !disturbed && !isOver();
    },
    async hit(kind, { withChildren, forMs }) {
      disturbed = true;
      if (kind === 'freeze') {
        signal('SIGSTOP', withChildren);
        await sleep(forMs);
        signal('SIGCONT', withChildren);
        disturbed = false;
        // Who wakes up to find that it has to end, ends by itself, and nobody has seen it yet.
        if (isOver() && !closed) child = start();
        return;
      }
      signal(kind === 'kill' ? 'SIGKILL' : 'SIGTERM', kind === 'kill' && withChildren);
      if (!(await exited())) throw new Error(`${name} has not ended ${END_MS / 1000} s after it was told to`);
      await sleep(forMs);
      if (!closed) child = start();
      disturbed = false;
    },
    async end() {
      // A process that was just started knows of no signal yet, and would die of it.
      await atWork();
      closed = true;
      signal('SIGTERM', false);
      const inTime = await exited();
      killGroup(child);
      return inTime ? (child.exitCode ?? child.signalCode) : 'SIGKILL';
    },
    destroy() {
      closed = true;
      killGroup(child);
    },
  };
}
