/** Times of the group protocol and limits of fetching. Tests shorten them. */
export interface KafkaTuning {
  /** A member that has not been heard of for so long loses its partitions. At least the broker's minimum, 6 s. */
  readonly sessionTimeoutMs: number;
  /** How often a member is heard of. At such a time it also learns that others come or go. */
  readonly heartbeatMs: number;
  /** How long the group waits for a member that does not come to a rebalance, before it goes on without. */
  readonly rebalanceTimeoutMs: number;
  /** How long a broker holds back the answer to a fetch when there is nothing. A paused partition is asked for again after that. */
  readonly fetchWaitMs: number;
  /** Records of one partition that are held ready, in bytes. One record is always taken, whatever its size. */
  readonly partitionBytes: number;
  /** The same for all partitions of a consumer. One fetch may go beyond it, by `fetchBytes`. */
  readonly readyBytes: number;
  readonly fetchBytes: number;
  /** How long handlers get to come back after their signal was aborted. */
  readonly abortGraceMs: number;
  /** Work waits, nothing moves and no record is in hand for so long: the consumer has stalled. */
  readonly stallMs: number;
  /** What does not pass by itself (a clock that is wrong, a topic that is gone) is borne for so long; then the process has to end. */
  readonly hopelessMs: number;
  /** How often a service looks whether its topics are still the same. */
  readonly topicsEveryMs: number;
  /** How often what is done is deleted from the topics that carry work. */
  readonly trimMs: number;
}

export const DEFAULT_TUNING: KafkaTuning = {
  sessionTimeoutMs: 12_000,
  heartbeatMs: 1000,
  rebalanceTimeoutMs: 15_000,
  fetchWaitMs: 250,
  partitionBytes: 1024 * 1024,
  readyBytes: 16 * 1024 * 1024,
  fetchBytes: 10 * 1024 * 1024,
  abortGraceMs: 2000,
  stallMs: 10 * 60_000,
  hopelessMs: 15_000,
  topicsEveryMs: 5000,
  trimMs: 10 * 60_000,
};
