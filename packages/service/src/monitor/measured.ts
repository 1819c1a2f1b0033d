import type { Bus, BusRecord, ConsumeOptions, Consumer, OutgoingMessage } from '@dailies/bus';
import { type DailiesError, decodeGraded, type EncodedMessage, TOPICS, toDailiesError } from '@dailies/contracts';
import type { Metrics } from './metrics.ts';

/** A bus that counts what goes through it, so that services need not. */
export interface MeasuredBus extends Bus {
  /** Topics whose consumer has ended without being stopped. */
  readonly lost: ReadonlySet<string>;
  /** Topics that are consumed. */
  readonly consumed: ReadonlySet<string>;
  /** Keys of the records of a topic that are in hand. */
  inHand(topic: string): string[];
}

export function measured(bus: Bus, metrics: Metrics): MeasuredBus {
  const records = new Set<BusRecord>();
  const lost = new Set<string>();
  const consumed = new Set<string>();

  const countOut = (messages: readonly OutgoingMessage[]): void => {
    for (const { topic, value } of messages) {
      metrics.recordsOut.inc({ topic });
      metrics.bytesOut.inc({ topic }, value.byteLength);
    }
  };
  const countFailure = (topic: string, { code }: DailiesError): void => {
    metrics.failures.inc({ topic, code });
    if (code === 'FFMPEG_FAILED' || code === 'FFMPEG_TIMEOUT') metrics.ffmpegFailures.inc({ code });
  };

  const measuredHandler =
    ({ topic, handler }: ConsumeOptions): ConsumeOptions['handler'] =>
    async (record, context) => {
      metrics.recordsIn.inc({ topic });
      metrics.bytesIn.inc({ topic }, record.value.byteLength);
      metrics.handlersRunning.inc({ topic });
      records.add(record);
      const end = metrics.handlerSeconds.startTimer({ topic });
      try {
        const answers = await handler(record, context);
        end({ result: 'done' });
        if (answers) {
          countOut(answers);
          metrics.framesGraded.inc(framesIn(answers));
        }
        return answers;
      } catch (thrown) {
        const givenBack = context.signal.aborted;
        end({ result: givenBack ? 'given_back' : 'failed' });
        if (!givenBack) countFailure(topic, toDailiesError(thrown));
        throw thrown;
      } finally {
        records.delete(record);
        metrics.handlersRunning.dec({ topic });
      }
    };

  const consume = async (options: ConsumeOptions): Promise<Consumer> => {
    const { topic } = options;
    const consumer = await bus.consume({
      ...options,
      handler: measuredHandler(options),
      onRetry(record, error, delayMs) {
        metrics.retries.inc({ topic, code: error.code });
        options.onRetry?.(record, error, delayMs);
      },
      onDeadLetter(record, error) {
        metrics.deadLetters.inc({ topic, code: error.code });
        const beside = options.onDeadLetter?.(record, error) ?? [];
        countOut(beside);
        return beside;
      },
    });
    consumed.add(topic);
    const done = consumer.done.then(
      () => void consumed.delete(topic),
      (error: unknown) => {
        lost.add(topic);
        // Whoever waits for `done` has to hear it; and where nobody does, the process.
        throw error;
      },
    );
    return {
      get inFlight() {
        return consumer.inFlight;
      },
      done,
      stop: (how) => consumer.stop(how),
    };
  };

  return {
    lost,
    consumed,
    inHand: (topic) => [...records].filter((record) => record.topic === topic).map((record) => record.key),
    async publish(messages) {
      await bus.publish(messages);
      countOut(messages);
    },
    consume,
    tail: (topic, onRecord, options) => bus.tail(topic, onRecord, options),
    lag: () => bus.lag(),
    close: () => bus.close(),
  };
}

/** Frames of the graded batches among some messages; all parts of a batch tell the same ones. */
function framesIn(messages: readonly OutgoingMessage[]): number {
  return messages.filter(isGraded).reduce((sum, message) => {
    const graded = decodeGraded(message);
    return sum + (graded.type === 'graded-batch' && graded.part === 0 ? graded.ptsDeltas.length : 0);
  }, 0);
}

function isGraded(message: OutgoingMessage): message is OutgoingMessage & Pick<EncodedMessage, 'headers'> {
  return message.topic === TOPICS.graded && message.headers !== undefined;
}
