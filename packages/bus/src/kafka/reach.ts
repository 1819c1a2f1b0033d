import { setTimeout as sleep } from 'node:timers/promises';
import type { BusLog } from '../settings.ts';
import { isPassing, kafkaError, protocolError } from './errors.ts';

export interface ReachOptions {
  readonly waitForBrokerMs: number;
  readonly log: BusLog | undefined;
  readonly againMs?: number;
  readonly silentMs?: number;
}

const AGAIN_MS = 1000;
/** A connection that nobody answers on fails after half a minute: nobody should look at an empty log for so long. */
const SILENT_MS = 5000;
const FEW_BROKERS_MS = 60_000;
/** Between lines that say the same of a broker that is waited for. */
const SAY_EVERY_MS = 60_000;

/**
 * A first contact. Brokers that are not there yet are waited for, for services and brokers are often started together: the
 * log says so once, again when the reason is another one and each minute, and when they answer.
 * @throws DailiesError BUS_FAILED and others, as `kafkaError` tells
 */
export async function reach<T>(
  brokers: string,
  { waitForBrokerMs, log, againMs = AGAIN_MS, silentMs = SILENT_MS }: ReachOptions,
  contact: () => Promise<T>,
): Promise<T> {
  const since = performance.now();
  let reason = '';
  let saidMs = 0;
  for (;;) {
    const silence = setTimeout(() => {
      if (reason !== '') return;
      reason = 'silent';
      log?.warn({ waitedMs: silentMs }, `Kafka is waited for: ${brokers} has not answered yet`);
    }, silentMs);
    try {
      const result = await contact();
      if (reason !== '') log?.info({ waitedMs: Math.round(performance.now() - since) }, `Kafka answers: ${brokers}`);
      return result;
    } catch (thrown) {
      const error = kafkaError(thrown, brokers, 'connecting');
      const nowMs = performance.now();
      // Of three brokers the first ones may be up; that there are too few of them is a mistake only after a while.
      const patienceMs = isPassing(thrown)
        ? waitForBrokerMs
        : protocolError(thrown) === 'INVALID_REPLICATION_FACTOR'
          ? Math.min(waitForBrokerMs, FEW_BROKERS_MS)
          : 0;
      if (nowMs - since >= patienceMs) throw error;
      if (reason !== error.message || nowMs - saidMs >= SAY_EVERY_MS) {
        reason = error.message;
        saidMs = nowMs;
        log?.warn({ waitedMs: Math.round(nowMs - since) }, `Kafka is waited for: ${error.message}`);
      }
      await sleep(againMs);
    } finally {
      clearTimeout(silence);
    }
  }
}
