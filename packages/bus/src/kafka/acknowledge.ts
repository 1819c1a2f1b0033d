import type { DailiesError } from '@dailies/contracts';
import type { OutgoingMessage } from '../port.ts';
import { isHopeless, isRefusal, kafkaError, protocolError } from './errors.ts';
import type { Lease } from './lease.ts';
import type { Membership } from './membership.ts';
import { FRESH, type Progress } from './progress.ts';
import type { Publisher } from './publisher.ts';
import type { RawMessage } from './records.ts';

export interface AcknowledgerPorts {
  readonly topic: string;
  readonly brokers: string;
  readonly publisher: Publisher;
  membership(): Membership;
  /** Whether the consumer has neither stopped nor died. */
  alive(): boolean;
  /** The broker says that we may not, or the same has failed for `hopelessMs`: no further try will change that. */
  onRefusal(error: DailiesError): void;
  report(error: DailiesError): void;
  readonly hopelessMs: number;
  /** Ms, never set back. */
  now(): number;
}

/** Tells the broker what became of records. A broker that is away, or a group that forms anew, is waited for. */
export interface Acknowledger {
  /**
   * Publishes and acknowledges, in this order.
   * @returns false when the partition was lost or the consumer has ended; then the record comes again
   */
  finish(lease: Lease, message: RawMessage, progress: Progress, answers: readonly OutgoingMessage[]): Promise<boolean>;
  /** Writes down what is known of a record that is not done, until that is written or no longer `wanted`. */
  note(lease: Lease, message: RawMessage, progress: Progress, wanted: () => boolean): Promise<void>;
}

/** After a rebalance these may be tried again, if the partition is still ours. */
const REBALANCING = ['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'NOT_COORDINATOR_FOR_GROUP'];
const RETRY_MS = 500;

export function createAcknowledger(ports: AcknowledgerPorts): Acknowledger {
  const { topic, brokers, publisher, membership, alive } = ports;

  /** Tries until it is done or may not be done any more. @returns whether it was done */
  const persist = async (lease: Lease, write: () => Promise<boolean>): Promise<boolean> => {
    let hopelessSinceMs: number | null = null;
    while (!lease.lost && alive()) {
      try {
        return await write();
      } catch (thrown) {
        // Who left has cut its connections; that is no failure.
        if (lease.lost || !alive()) return false;
        const failure = kafkaError(thrown, brokers, `acknowledging a record of ${topic}`);
        const rebalancing = REBALANCING.includes(protocolError(thrown));
        // Who holds a record for ever looks busy, and nobody else gets it: another process may do better.
        hopelessSinceMs = rebalancing || !isHopeless(thrown) ? null : (hopelessSinceMs ?? ports.now());
        const hopelessForMs = hopelessSinceMs === null ? 0 : ports.now() - hopelessSinceMs;
        if (isRefusal(thrown) || hopelessForMs >= ports.hopelessMs) ports.onRefusal(failure);
        else if (!rebalancing) ports.report(failure);
        await membership().rebalanced(RETRY_MS);
      }
    }
    return false;
  };

  return {
    async finish(lease, message, progress, answers) {
      const { commit, doubtful } = membership();
      const offset = BigInt(message.offset);
      // Who was frozen finds out here that others have its partitions, before it publishes what they publish as well.
      if (doubtful && !(await persist(lease, () => commit(lease, offset, { ...progress, started: true }))))
        return false;
      // Answers are in memory, so a broker that is away costs no work.
      if (!(await persist(lease, () => publisher.publish(answers).then(() => true)))) return false;
      return persist(lease, () => commit(lease, offset + 1n, FRESH));
    },
    async note(lease, message, progress, wanted) {
      const { commit, rebalanced } = membership();
      while (!lease.lost && wanted()) {
        try {
          await commit(lease, BigInt(message.offset), progress);
          return;
        } catch (thrown) {
          // Whoever acknowledges next tells of it.
          if (isRefusal(thrown)) return;
          await rebalanced(RETRY_MS);
        }
      }
    },
  };
}
