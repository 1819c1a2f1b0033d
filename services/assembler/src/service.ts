import { dirname } from 'node:path';
import type { Bus, Consumer } from '@dailies/bus';
import {
  type DailiesError,
  decodeGraded,
  type EncodedMessage,
  encodeEvent,
  GROUPS,
  type GradedMessage,
  TOPICS,
  toDailiesError,
} from '@dailies/contracts';
import { explain, type Library, writeDurable } from '@dailies/library';
import { type FfmpegTools, makeFilm, readRecorded } from '@dailies/media';
import { followRecordings, type Logger, makeFolders, type RecordingsReader, type Service } from '@dailies/service';
import { assemble } from './handle.ts';
import { forgetEnded } from './lost.ts';
import type { AssemblerPorts } from './ports.ts';
import { createReadAhead } from './read-ahead.ts';
import { createSweeper } from './sweep.ts';

export interface AssemblerOptions {
  readonly bus: Bus;
  readonly library: Library;
  readonly view: RecordingsReader;
  readonly tools: FfmpegTools;
  readonly log: Logger;
  readonly config: {
    readonly assemblerConcurrency: number;
    readonly assembleTimeoutMs: number;
    readonly maxPixels: number;
    readonly maxDurationS: number;
    readonly maxBytes: number;
    readonly attempts: number;
    readonly backoffMs: number;
    readonly backoffMaxMs: number;
    readonly waitAttempts?: number | undefined;
  };
}

/** Collects graded batches and makes films of them. */
export function createAssembler({ bus, library, view, tools, log, config }: AssemblerOptions): Service {
  let consumer: Consumer | null = null;
  let unfollow = (): void => {};
  const readAll = () => followRecordings(bus, log, { follow: false });
  const sweeper = createSweeper({ view, batches: library.batches, films: library.films, readAll, log });
  const ending = new AbortController();
  const limits = { maxPixels: config.maxPixels, maxDurationS: config.maxDurationS, maxBytes: config.maxBytes };
  const timeoutMs = config.assembleTimeoutMs;
  const ahead = createReadAhead(async (path, signal) =>
    readRecorded(tools, await library.inside(path), limits, { timeoutMs, signal }),
  );
  const ports: AssemblerPorts = {
    view,
    readAll,
    noted: new Map(),
    batches: library.batches,
    notes: library.notes,
    parts: library.parts,
    films: library.films,
    resolve: (path) => library.inside(path),
    absent: () => library.absent(),
    describe: (file) => library.describe(file),
    writeImage: (file, bytes) => writeDurable(file, bytes),
    readAhead: (recordingId, path) => ahead.begin(recordingId, path),
    makeFilm: async (job) => {
      const recorded = await ahead.take(job.recordingId);
      return makeFilm(tools, { ...job, recorded, limits, timeoutMs }).catch((thrown: unknown) => {
        throw explain(thrown, 'write', dirname(job.film));
      });
    },
    publish: (messages) => bus.publish(messages),
    warn: (facts, text) => log.warn(facts, text),
    now: () => Date.now(),
  };
  /** For the log: people know recordings by their paths. */
  const about = ({ recordingId }: GradedMessage) => ({ recordingId, path: view.get(recordingId)?.path });
  const failure = (type: 'failed' | 'waiting', message: GradedMessage, error: DailiesError): EncodedMessage =>
    encodeEvent({
      v: 1,
      type,
      recordingId: message.recordingId,
      run: message.run,
      at: new Date().toISOString(),
      code: error.code,
      reason: error.message,
    });
  return {
    name: 'assembler',
    async start() {
      await makeFolders({ library, view, log, signal: ending.signal });
      if (ending.signal.aborted) return;
      await sweeper.start();
      unfollow = forgetEnded(ports);
      consumer = await bus.consume({
        topic: TOPICS.graded,
        group: GROUPS.assembler,
        concurrency: config.assemblerConcurrency,
        attempts: config.attempts,
        backoff: { initialMs: config.backoffMs, maxMs: config.backoffMaxMs, factor: 2 },
        ...(config.waitAttempts === undefined ? {} : { waitAttempts: config.waitAttempts }),
        async handler(record, { signal }) {
          const message = decodeGraded(record);
          try {
            return await sweeper.holding(message.recordingId, () => assemble(message, record.value, ports, signal));
          } catch (thrown) {
            const error = toDailiesError(thrown);
            if (error.fate !== 'never' || error.code === 'MESSAGE_INVALID') throw error;
            // The recording, not the message, is at fault: it has failed.
            log.error({ ...about(message), code: error.code, reason: error.message }, 'recording failed');
            return [failure('failed', message, error)];
          }
        },
        onRetry(record, error, delayMs) {
          const message = decodeGraded(record);
          log.warn(
            { ...about(message), attempt: record.attempt, code: error.code, reason: error.message, delayMs },
            'assembling is tried again',
          );
          if (error.fate !== 'wait') return;
          bus
            .publish([failure('waiting', message, error)])
            .catch((failed: unknown) =>
              log.warn({ reason: toDailiesError(failed).message }, 'an event could not be published'),
            );
        },
        onDeadLetter(record, error) {
          log.error(
            { key: record.key, code: error.code, reason: error.message },
            'a graded batch was given up; it is in the dead letters',
          );
          try {
            return [failure('failed', decodeGraded(record), error)];
          } catch {
            return [];
          }
        },
      });
      log.debug({ concurrency: config.assemblerConcurrency }, 'takes graded batches');
    },
    async stop({ drainMs }) {
      ending.abort();
      await consumer?.stop({ drainMs });
      consumer = null;
      unfollow();
      await ahead.stop();
      await sweeper.stop();
    },
  };
}
