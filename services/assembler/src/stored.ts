import { fromDeltas, GradedBatch } from '@dailies/contracts';
import type { RunKey } from '@dailies/library';
import type { StoredBatch } from '@dailies/media';
import type { AssemblerPorts } from './ports.ts';

/** The batches of a run as the joiner wants them. */
export async function storedBatches(count: number, key: RunKey, ports: AssemblerPorts): Promise<StoredBatch[]> {
  const batches: StoredBatch[] = [];
  for (let index = 0; index < count; index++) {
    const manifest = GradedBatch.parse(JSON.parse(await ports.batches.manifest(key, index)));
    batches.push({
      index,
      pts: fromDeltas(manifest.ptsDeltas),
      endPts: manifest.endPts,
      read: () => ports.batches.payload(key, index),
    });
  }
  return batches;
}
