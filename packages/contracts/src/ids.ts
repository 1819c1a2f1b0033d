import { createHash } from 'node:crypto';
import { PARTITIONS, TOPICS } from './topics.ts';

/**
 * The id of a recording: 16 hex digits of SHA-256 over its path (relative to the recordings folder, `/` separated), its
 * size and a fingerprint of its bytes. Not the modification time: a touched file is the same recording, a replaced one
 * is another, and the same bytes under another path are another recording too.
 */
export function recordingIdOf(path: string, sizeBytes: number, fingerprint: string): string {
  return createHash('sha256').update(`${path}\0${sizeBytes}\0${fingerprint}`).digest('hex').slice(0, 16);
}

/**
 * How far apart the partitions of neighbouring batches are. Workers hold ranges of partitions: with 1, all batches of a
 * recording that are under way would be in one worker's range. Of all steps that reach every one of 48 partitions this one
 * spreads 4 to 12 batches best over 2 to 24 workers: the busiest has 1.1 times its share on average (with 1: 3.0 times).
 */
const STEP = 11;

/** Partition of a frame batch: neighbours of one recording go to different workers, so that all of them share one recording. */
export function batchPartition(recordingId: string, index: number): number {
  const start = Number.parseInt(recordingId.slice(0, 8), 16);
  return (start + index * STEP) % PARTITIONS[TOPICS.frameBatches];
}

/** SHA-256 of some bytes, in hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
