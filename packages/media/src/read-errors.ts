import { open } from 'node:fs/promises';
import { DailiesError } from '@dailies/contracts';

/** What the C library says when a disk or a network share does not give what a file holds. */
const READ_ERROR =
  /Input\/output error|\bI\/O error|Stale (?:NFS )?file handle|Connection timed out|Transport endpoint is not connected/;
/** Lines that tell of the output, whose errors are others. */
const OF_OUTPUT = /writ|\bmux|\[out#|\[[av]ost#|opening output|closing file|trailer/i;

/**
 * Whether a line of ffmpeg's stderr tells that its input could not be read to its end. ffmpeg takes that for the end of
 * the file and exits with 0: a film of such a recording would be short, and count as whole.
 * @param input the file that is read
 * @param output the file that is written, if it is one
 */
export function tellsOfReadError(line: string, input: string, output: string | null): boolean {
  if (!READ_ERROR.test(line) || (output !== null && line.startsWith(output))) return false;
  return !OF_OUTPUT.test(line.replaceAll(input, ''));
}

/** @param said the words of whoever met it */
export function readFailed(file: string, said: string, cause?: unknown): DailiesError {
  return new DailiesError(
    'IO_FAILED',
    `${file} could not be read (${READ_ERROR.exec(said)?.[0] ?? said}). Its disk or network share is at fault: look at dmesg and at the mount.`,
    { cause, details: { path: file, stderr: said.slice(0, 1000) } },
  );
}

const EDGE_BYTES = 32 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;

/**
 * Reads both ends of a file, where containers keep their index: ffmpeg calls an index damaged that it could not read.
 * @throws DailiesError IO_FAILED; other system errors as they are
 */
export async function checkReadable(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let at = 0; at < size; at += CHUNK_BYTES) {
      if (at >= EDGE_BYTES && at + CHUNK_BYTES <= size - EDGE_BYTES) continue;
      await file.read(buffer, 0, CHUNK_BYTES, at);
    }
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    if (['EIO', 'ESTALE', 'ETIMEDOUT', 'EREMOTEIO', 'ENOTCONN'].includes(errno)) throw readFailed(path, errno, error);
    throw error;
  } finally {
    await file.close();
  }
}
