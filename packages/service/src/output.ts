import { fstatSync, writeSync } from 'node:fs';
import { isatty as isTerminal } from 'node:tty';

/** What is needed of `process.stdout` or `process.stderr`. */
export interface OutputStream {
  readonly fd?: number;
  write(text: string): unknown;
  on?(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/** An output that never ends its process. What could not be written is lost. */
export interface SafeOutput {
  write(text: string): void;
  /** Whether something was lost that somebody would have read. */
  isLost(): boolean;
}

/**
 * An output of a process whose work does not depend on who reads along: a reader that closes its end
 * (`dailies status | head`) wants no more, and a full disk takes no lines, but films are made all the same. Files are
 * written past the stream of Node, which takes nothing any more after its first error: the disk may get room again.
 * @param onLost called once, when something could not be written for another reason than a reader that has gone
 */
export function safeOutput(stream: OutputStream, onLost: (error: NodeJS.ErrnoException) => void): SafeOutput {
  let isLost = false;
  const failed = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EPIPE' || isLost) return;
    isLost = true;
    onLost(error);
  };
  const { fd } = stream;
  if (fd !== undefined && isFile(fd)) return { write: (text) => writeWhole(fd, text, failed), isLost: () => isLost };
  stream.on?.('error', failed);
  return { write: (text) => void stream.write(text), isLost: () => isLost };
}

function writeWhole(fd: number, text: string, failed: (error: NodeJS.ErrnoException) => void): void {
  const bytes = Buffer.from(text, 'utf8');
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
  } catch (error) {
    failed(error as NodeJS.ErrnoException);
  }
}

/** Terminals and pipes are left to their streams; files, and devices such as /dev/full, are written directly. */
function isFile(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isFile() || (stat.isCharacterDevice() && !isTerminal(fd));
  } catch {
    return false;
  }
}
