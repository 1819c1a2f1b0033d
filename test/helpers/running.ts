import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** A command that runs, and what it has said so far. */
export interface Running {
  readonly child: ChildProcess;
  /** Lines of stdout and stderr, in the order in which they came. */
  readonly lines: readonly string[];
  /** Resolves with the first line that fits, now or later. @throws when it ends without having said it */
  said(pattern: RegExp): Promise<string>;
  /** Resolves with its exit code, null when a signal ended it, when it has ended and all is read. */
  readonly ended: Promise<number | null>;
}

/** Listens to a process that was just started. */
export function listenTo(child: ChildProcess): Running {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream as Readable }).on('line', (line) => {
      lines.push(line);
      for (const look of waiting) look();
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    child,
    lines,
    ended,
    said(pattern) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          const line = lines.find((candidate) => pattern.test(candidate));
          if (line === undefined) return;
          waiting.delete(look);
          resolve(line);
        };
        waiting.add(look);
        look();
        void ended.then((code) => {
          look();
          reject(new Error(`it ended (${code}) without saying ${pattern}:\n${lines.join('\n')}`));
        });
      });
    },
  };
}
