import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { type ChildBus, Happenings } from './harness.ts';

/** What a child process does with each record: never finish, finish when told by `go()`, or finish at once. */
export type ChildMode = 'hang' | 'gate' | 'work';

export interface ChildOrder {
  readonly bus: ChildBus;
  readonly topic: string;
  readonly group: string;
  readonly concurrency: number;
  readonly mode: ChildMode;
  /** After so many records it never finishes another one: so it cannot run out of work before somebody kills it. */
  readonly hangAfter?: number;
  /** Where it answers to each record: same key and value, its pid in the header `pid`. */
  readonly answerTo: string;
}

export type ChildReport =
  | { readonly event: 'ready' }
  | { readonly event: 'handling'; readonly key: string; readonly attempt: number }
  | { readonly event: 'aborted'; readonly key: string }
  | { readonly event: 'settled'; readonly key: string };

export interface Child {
  readonly pid: number;
  readonly reports: Happenings<ChildReport>;
  /** Opens the gate. */
  go(): void;
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** `kill -9`; resolves when it is dead. */
  kill(): Promise<void>;
}

const SCRIPT = new URL('../../test/helpers/child.ts', import.meta.url);

/** Starts a consumer in a process of its own; it is killed when the test ends. Resolves when it consumes. */
export async function startChild(t: TestContext, order: ChildOrder): Promise<Child> {
  const child: ChildProcess = fork(SCRIPT, [JSON.stringify(order)]);
  const exited = once(child, 'exit');
  const reports = new Happenings<ChildReport>();
  child.on('message', (report) => reports.add(report as ChildReport));
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  t.after(kill);
  await Promise.race([
    reports.find(({ event }) => event === 'ready'),
    exited.then(([code]) => {
      throw new Error(`the child ended with ${code} before it consumed`);
    }),
  ]);
  return {
    pid: Number(child.pid),
    reports,
    go: () => void child.send('go'),
    signal: (signal) => void child.kill(signal),
    kill,
  };
}
