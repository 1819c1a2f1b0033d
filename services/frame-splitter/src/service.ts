import type { Bus, Consumer } from '@dailies/bus';
import {
  decodeRecording,
  type EncodeSettings,
  GROUPS,
  type Look,
  type RecordingMessage,
  TOPICS,
  toDailiesError,
} from '@dailies/contracts';
import type { Library } from '@dailies/library';
import type { FfmpegTools } from '@dailies/media';
import type { Logger, RecordingsReader, Service } from '@dailies/service';
import { splitRecording } from './handle.ts';
import { failedEvent, waitingEvent } from './messages.ts';

export interface FrameSplitterOptions {
  readonly bus: Bus;
  readonly library: Library;
  readonly view: RecordingsReader;
  readonly tools: FfmpegTools;
  readonly look: Look;
  readonly log: Logger;
  readonly config: {
    readonly preset: EncodeSettings['preset'];
    readonly crf: number;
    readonly lossless: boolean;
    readonly batchSeconds: number;
    readonly windowBatches: number;
    readonly activeRecordings: number;
    readonly splitTimeoutMs: number;
    readonly maxPixels: number;
    readonly maxDurationS: number;
    readonly maxBytes: number;
    readonly attempts: number;
    readonly backoffMs: number;
    readonly backoffMaxMs: number;
    readonly waitAttempts?: number | undefined;
  };
}

/** On Kafka an event comes back within some 10 ms; longer only when the broker is in trouble. */
const SEE_MS = 10_000;

/** Cuts recordings into batches, several at once, each no further ahead of the workers than its window. */
export function createFrameSplitter({ bus, library, view, tools, look, log, config }: FrameSplitterOptions): Service {
  let consumer: Consumer | null = null;
  const ports = {
    view,
    tools,
    look,
    limits: { maxPixels: config.maxPixels, maxDurationS: config.maxDurationS, maxBytes: config.maxBytes },
    encode: { preset: config.preset, crf: config.crf, lossless: config.lossless },
    batchSeconds: config.batchSeconds,
    windowBatches: config.windowBatches,
    timeoutMs: config.splitTimeoutMs,
    seeMs: SEE_MS,
    resolve: (path: string) => library.inside(path),
    absent: () => library.absent(),
    describe: (file: string) => library.describe(file),
    publish: (messages: Parameters<Bus['publish']>[0]) => bus.publish(messages),
    now: () => Date.now(),
    say: (fact: object, text: string) => log.info(fact, text),
  };
  const tell = (
    message: RecordingMessage | null,
    build: (message: RecordingMessage) => ReturnType<typeof waitingEvent>,
  ): void => {
    if (message)
      bus
        .publish([build(message)])
        .catch((error: unknown) =>
          log.warn({ reason: toDailiesError(error).message }, 'an event could not be published'),
        );
  };
  return {
    name: 'frame-splitter',
    async start() {
      consumer = await bus.consume({
        topic: TOPICS.recordings,
        group: GROUPS.splitter,
        concurrency: config.activeRecordings,
        attempts: config.attempts,
        backoff: { initialMs: config.backoffMs, maxMs: config.backoffMaxMs, factor: 2 },
        ...(config.waitAttempts === undefined ? {} : { waitAttempts: config.waitAttempts }),
        async handler(record, { signal }) {
          const message = decodeRecording(record);
          try {
            return await splitRecording(message, ports, signal);
          } catch (thrown) {
            const error = toDailiesError(thrown);
            if (error.fate !== 'never') throw error;
            // The recording itself is at fault: it has failed, and there is nothing for the dead letters.
            log.error(
              { recordingId: message.recordingId, path: message.path, code: error.code, reason: error.message },
              'recording failed',
            );
            return [failedEvent(message, error, Date.now())];
          }
        },
        onRetry(record, error, delayMs) {
          log.warn(
            { key: record.key, attempt: record.attempt, code: error.code, reason: error.message, delayMs },
            'splitting is tried again',
          );
          if (error.fate === 'wait')
            tell(decodeRecording(record), (message) => waitingEvent(message, error, Date.now()));
        },
        onDeadLetter(record, error) {
          log.error(
            { key: record.key, code: error.code, reason: error.message },
            'a recording could not be split; its message is in the dead letters',
          );
          try {
            return [failedEvent(decodeRecording(record), error, Date.now())];
          } catch {
            return [];
          }
        },
      });
      log.debug({ activeRecordings: config.activeRecordings, look: look.name }, 'takes recordings');
    },
    /** Splitting goes on where it was after a restart, so it gives its work back at once. */
    async stop() {
      await consumer?.stop({ drainMs: 0 });
      consumer = null;
    },
  };
}
