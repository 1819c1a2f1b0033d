import { hostname, tmpdir } from 'node:os';
import type { Bus, ConsumeOptions } from '@dailies/bus';
import { DailiesError, decodeFrameBatch, GROUPS, type Pace, sha256, TOPICS, toDailiesError } from '@dailies/contracts';
import type { FfmpegTools } from '@dailies/media';
import type { Logger, Service } from '@dailies/service';
import type { CourtesyConfig } from './courtesy.ts';
import { followPace, type PaceFollower } from './follow-pace.ts';
import { failedMessage, gradedMessages, isCutAgain, whatIs } from './handle.ts';
import { createPacer, type Pacer } from './pacer.ts';
import { createSlotPool, type SlotPool } from './pool.ts';

export interface FilterWorkerOptions {
  readonly bus: Bus;
  readonly tools: FfmpegTools;
  readonly log: Logger;
  readonly config: CourtesyConfig & {
    readonly workerSlots: number;
    readonly batchTimeoutMs: number;
    readonly attempts: number;
    readonly backoffMs: number;
    readonly backoffMaxMs: number;
    /** Attempts when the environment is at fault; unbounded when left out. */
    readonly waitAttempts?: number | undefined;
  };
}

/** Niceness of ffmpeg while a meeting is being recorded on the machine. */
const NICE = 15;

/**
 * Takes frame batches, as many at once as it has slots, and answers each with its graded batch. Keeps no state. While a
 * meeting is being recorded on its machine it makes room.
 */
export function createFilterWorker({ bus, tools, log, config }: FilterWorkerOptions): Service {
  const worker = `${hostname()}:${process.pid}`;
  let pool: SlotPool | null = null;
  let pacer: Pacer | null = null;
  let pace: PaceFollower | null = null;
  const optionsAt = (slots: SlotPool, at: Pace): ConsumeOptions => ({
    topic: TOPICS.frameBatches,
    group: GROUPS.worker,
    concurrency: at === 'slow' ? 1 : config.workerSlots,
    attempts: config.attempts,
    backoff: { initialMs: config.backoffMs, maxMs: config.backoffMaxMs, factor: 2 },
    ...(config.waitAttempts === undefined ? {} : { waitAttempts: config.waitAttempts }),
    async handler(record, { signal }) {
      const manifest = decodeFrameBatch(record);
      if (sha256(record.value) !== manifest.sha256)
        throw new DailiesError('MESSAGE_INVALID', `The bytes of batch ${manifest.index} are not those that were sent.`);
      const began = performance.now();
      try {
        const bytes = await slots.grade(manifest, record.value, signal, at === 'slow' ? NICE : 0);
        const gradeMs = performance.now() - began;
        log.debug(
          { recordingId: manifest.recordingId, batch: manifest.index, gradeMs: Math.round(gradeMs) },
          'batch graded',
        );
        return gradedMessages(manifest, bytes, { worker, gradeMs });
      } catch (thrown) {
        const error = toDailiesError(thrown);
        if (!isCutAgain(manifest, error)) throw error;
        log.warn(
          { recordingId: manifest.recordingId, batch: manifest.index, reason: error.message },
          'the recording has to be cut again by decoding it',
        );
        return [failedMessage(manifest, error, worker)];
      }
    },
    onRetry(record, error, delayMs) {
      log.warn(
        {
          topic: record.topic,
          key: record.key,
          attempt: record.attempt,
          code: error.code,
          reason: error.message,
          delayMs,
        },
        `${whatIs(record)} failed and is tried again`,
      );
    },
    onDeadLetter(record, error) {
      log.error(
        { key: record.key, code: error.code, reason: error.message, ...error.details },
        `${whatIs(record)} was given up; it is in the dead letters`,
      );
      try {
        return [failedMessage(decodeFrameBatch(record), error, worker)];
      } catch {
        // Its manifest cannot be read either: no recording to tell about it.
        return [];
      }
    },
  });
  return {
    name: 'filter-worker',
    async start() {
      const { workerSlots, batchTimeoutMs: timeoutMs } = config;
      const opening = createSlotPool({ slots: workerSlots, tools, timeoutMs, temporary: tmpdir() });
      const following = followPace({ bus, worker, config, log });
      // Each is kept for the end also when the other fails.
      const [slots, follower] = await Promise.all([
        opening.then((opened) => (pool = opened)),
        following.then((begun) => (pace = begun)),
      ]);
      const changing = createPacer({
        consume: (at) => bus.consume(optionsAt(slots, at)),
        onPace: (at) => follower.tell(at),
        drainMs: config.batchTimeoutMs,
        log,
      });
      pacer = changing;
      await changing.start(follower.now());
      follower.begin((at) => changing.set(at));
      log.debug({ slots: config.workerSlots }, 'takes frame batches');
    },
    async stop({ drainMs }) {
      await pace?.close();
      pace = null;
      await pacer?.stop({ drainMs });
      pacer = null;
      await pool?.close();
      pool = null;
    },
  };
}
