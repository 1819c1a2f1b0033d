import { randomBytes } from 'node:crypto';
import type { Bus } from '@dailies/bus';
import { batchPartition, TOPICS } from '@dailies/contracts';

/** Keeps so much work waiting that no worker ever lacks it, in the places where the splitter would put it. */
export interface Load {
  /** Batches that were published. */
  readonly published: number;
  /** Publishes until there are so many. */
  upTo(batches: number): Promise<void>;
}

/** A batch of 320x180; what is in it plays no part here, and nothing of it is read. */
const BATCH_BYTES = 16 * 1024;
const BATCHES_PER_RECORDING = 450;
const AT_ONCE = 50;

export function openLoad(bus: Bus): Load {
  const value = randomBytes(BATCH_BYTES);
  let published = 0;
  let recordingId = '';
  const message = (n: number) => {
    const index = n % BATCHES_PER_RECORDING;
    if (index === 0) recordingId = randomBytes(8).toString('hex');
    const partition = batchPartition(recordingId, index);
    return { topic: TOPICS.frameBatches, key: `${recordingId}:0:copy:${index}`, partition, value };
  };
  return {
    get published() {
      return published;
    },
    async upTo(batches) {
      while (published < batches) {
        const count = Math.min(AT_ONCE, batches - published);
        await bus.publish(Array.from({ length: count }, (_, i) => message(published + i)));
        published += count;
      }
    },
  };
}
