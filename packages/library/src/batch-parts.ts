import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { DailiesError, MAX_GRADED_BYTES } from '@dailies/contracts';
import { accessing, errnoOf } from './access.ts';
import { batchFile, withBatchFile } from './batch-file.ts';
import { folderOfRun, namesIn, type RunKey } from './batch-store.ts';
import { writeDurable } from './durable.ts';
import { ensureFolder } from './folders.ts';

/** One part of a graded batch. */
export interface BatchPart {
  readonly index: number;
  /** Of the whole batch, in hex. */
  readonly sha256: string;
  /** From 0. */
  readonly part: number;
  /** How many there are. */
  readonly parts: number;
}

/**
 * Parts of batches that are not whole yet, beside the batches of their run, with which they go:
 * `<work>/<recordingId>/<run>-<cut>/<index>.<first 16 digits of sha256>.<part>-of-<parts>.part`, each in the format of
 * batch-file.ts without a manifest. By the digest, parts of two gradings of one batch never mix.
 */
export interface PartStore {
  /** Durable when it resolves; the same part again replaces itself. @throws DailiesError MESSAGE_INVALID, DISK_FULL … */
  put(key: RunKey, part: BatchPart, bytes: Uint8Array): Promise<void>;
  /**
   * The whole batch of a part, or null while other parts are missing. The digest is not verified here.
   * @throws DailiesError BATCH_TOO_LARGE, IO_FAILED
   */
  join(key: RunKey, part: BatchPart): Promise<Buffer | null>;
  /** Removes all parts of an index, whatever grading they are of. */
  remove(key: RunKey, index: number): Promise<void>;
}

export function createPartStore(work: string): PartStore {
  return {
    async put(key, part, bytes) {
      const folder = folderOfRun(work, key);
      const file = join(folder, nameOf(part, part.part));
      await ensureFolder(folder);
      await writeDurable(file, batchFile('', bytes));
    },
    async join(key, part) {
      const folder = folderOfRun(work, key);
      const there = new Set(await namesIn(folder));
      if (there.size < part.parts) return null;
      const names = Array.from({ length: part.parts }, (_, i) => nameOf(part, i));
      if (!names.every((name) => there.has(name))) return null;
      const files = names.map((name) => join(folder, name));
      let bytes = 0;
      for (const file of files) bytes += await reading(file, async ({ payloadBytes }) => payloadBytes);
      if (bytes > MAX_GRADED_BYTES)
        throw new DailiesError(
          'BATCH_TOO_LARGE',
          `Graded batch ${part.index} has ${bytes} bytes; the limit is ${MAX_GRADED_BYTES}.`,
        );
      const whole = Buffer.allocUnsafe(bytes);
      let at = 0;
      for (const file of files) at += (await reading(file, (open) => open.payload())).copy(whole, at);
      return whole;
    },
    async remove(key, index) {
      const folder = folderOfRun(work, key);
      for (const name of await namesIn(folder)) {
        if (!name.startsWith(`${index}.`) || !name.endsWith('.part')) continue;
        const file = join(folder, name);
        await accessing('write', file, () =>
          unlink(file).catch((error: unknown) => {
            if (errnoOf(error) !== 'ENOENT') throw error;
          }),
        );
      }
    },
  };
}

const reading = <T>(file: string, use: Parameters<typeof withBatchFile<T>>[1]): Promise<T> =>
  accessing('read', file, () => withBatchFile(file, use));

/** What it is made of comes from messages: nothing else than numbers and a digest may become a name. */
function nameOf({ index, sha256, parts }: BatchPart, part: number): string {
  const counted = [index, part, parts].every((n) => Number.isSafeInteger(n) && n >= 0) && part < parts;
  if (!counted || !/^[0-9a-f]{64}$/.test(sha256))
    throw new DailiesError('MESSAGE_INVALID', `Part ${part} of ${parts} of batch ${index} is no part of a batch.`);
  return `${index}.${sha256.slice(0, 16)}.${part}-of-${parts}.part`;
}
