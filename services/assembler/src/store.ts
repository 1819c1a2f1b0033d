import { DailiesError, GradedBatch, sha256, toDailiesError } from '@dailies/contracts';
import type { RunKey } from '@dailies/library';
import type { AssemblerPorts } from './ports.ts';

type Ports = Pick<AssemblerPorts, 'batches' | 'parts'>;

/**
 * Stores a batch that came in one message.
 * @returns its size
 * @throws DailiesError MESSAGE_INVALID, DISK_FULL …
 */
export async function storeWhole(
  batch: GradedBatch,
  payload: Uint8Array,
  key: RunKey,
  { batches }: Ports,
): Promise<number> {
  if (sha256(payload) !== batch.sha256)
    throw new DailiesError('MESSAGE_INVALID', `The bytes of graded batch ${batch.index} are not those that were sent.`);
  await batches.put(key, batch.index, JSON.stringify(batch), payload);
  return payload.byteLength;
}

/**
 * Keeps one part; with the last one that is missing the batch is joined and stored. A process may die between any two
 * steps, and then this part is delivered again:
 *
 *   1 keep the part        again: the same file
 *   2 join, verify, store  again: from the parts, which are all there
 *   3 remove the parts     again: the batch is there; what is left of them goes
 *
 * The manifest that is stored is that of the part which completed it, so this message alone tells of the batch, however
 * often it comes; the other parts, and those of another grading that came later, tell nothing.
 * @returns the size of the batch when this message is the one to tell of it, null otherwise
 * @throws DailiesError MESSAGE_INVALID, BATCH_TOO_LARGE, DISK_FULL …
 */
export async function storePart(
  batch: GradedBatch,
  payload: Uint8Array,
  key: RunKey,
  ports: Ports,
): Promise<number | null> {
  const { batches, parts } = ports;
  const stored = await manifestOf(batch.index, key, ports);
  if (stored) {
    await parts.remove(key, batch.index);
    const tells = stored.sha256 === batch.sha256 && stored.part === batch.part;
    return tells ? batches.bytes(key, batch.index) : null;
  }
  await parts.put(key, batch, payload);
  const whole = await parts.join(key, batch);
  if (!whole) return null;
  try {
    await storeWhole(batch, whole, key, ports);
  } catch (thrown) {
    // Parts that do not make the batch would be joined again with each message.
    if (toDailiesError(thrown).code === 'MESSAGE_INVALID') await parts.remove(key, batch.index);
    throw thrown;
  }
  await parts.remove(key, batch.index);
  return whole.byteLength;
}

/** Manifest of a batch that is stored; null when there is none, or one that a broken disk has cut off. */
async function manifestOf(index: number, key: RunKey, { batches }: Ports): Promise<GradedBatch | null> {
  if (!(await batches.list(key)).includes(index)) return null;
  try {
    return GradedBatch.parse(JSON.parse(await batches.manifest(key, index)));
  } catch (thrown) {
    if (thrown instanceof DailiesError && thrown.code === 'IO_FAILED') return null;
    throw thrown;
  }
}
