import { open } from 'node:fs/promises';
import { DailiesError } from '@dailies/contracts';
import { quote } from './access.ts';
import { readAt } from './fingerprint.ts';

/*
 * A batch file holds the manifest and the payload, so that one rename makes both of them appear:
 *
 *   offset 0   8 bytes   "DAILIES1"
 *   offset 8   4 bytes   length of the manifest, m (unsigned, big-endian)
 *   offset 12  8 bytes   length of the payload, p (unsigned, big-endian)
 *   offset 20  m bytes   the manifest: JSON, UTF-8
 *   offset 20+m          the payload, p bytes; nothing follows it
 */
const MAGIC = Buffer.from('DAILIES1', 'latin1');
const HEADER_BYTES = 20;

export function batchFile(manifest: string, payload: Uint8Array): Uint8Array[] {
  const text = Buffer.from(manifest, 'utf8');
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32BE(text.length, 8);
  header.writeBigUInt64BE(BigInt(payload.length), 12);
  return [header, text, payload];
}

export interface OpenBatch {
  readonly manifest: string;
  readonly payloadBytes: number;
  payload(): Promise<Buffer>;
}

/**
 * Opens a batch file for as long as `use` runs. The payload is read when it is asked for.
 * @throws DailiesError IO_FAILED when the file is not whole; ENOENT as it is
 */
export async function withBatchFile<T>(path: string, use: (batch: OpenBatch) => Promise<T>): Promise<T> {
  const handle = await open(path, 'r');
  try {
    const header = await readAt(handle, 0, HEADER_BYTES);
    const whole = header.length === HEADER_BYTES && header.subarray(0, 8).equals(MAGIC);
    const manifestBytes = whole ? header.readUInt32BE(8) : 0;
    const payloadBytes = whole ? Number(header.readBigUInt64BE(12)) : 0;
    const { size } = await handle.stat();
    if (!whole || size !== HEADER_BYTES + manifestBytes + payloadBytes) {
      throw new DailiesError('IO_FAILED', `${quote(path)} is no whole batch: the disk lost a part of it.`);
    }
    const manifest = (await readAt(handle, HEADER_BYTES, manifestBytes)).toString('utf8');
    return await use({
      manifest,
      payloadBytes,
      payload: () => readAt(handle, HEADER_BYTES + manifestBytes, payloadBytes),
    });
  } finally {
    await handle.close();
  }
}
