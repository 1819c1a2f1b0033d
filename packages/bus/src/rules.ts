/** How the bus keeps the records of a topic. Kafka keeps them for longer, by segments; see `createTrimmer`. */
export interface TopicRules {
  /**
   * The groups that read it, known from the start: a record waits for each of them. A group that consumes without being
   * named here is remembered from then on.
   */
  readonly groups: readonly string[];
  /** Delete a record once all groups have acknowledged it; or that, and not before it is so old. */
  readonly keep: 'until-acknowledged' | { readonly forMs: number };
  /**
   * How many deliveries of a record may end with the death of their process before the record is taken for the reason:
   * the next delivery sends it to the dead letters unseen. `attempts + 2` of the consumer when left out. Deaths are counted
   * apart from failures, so that a restarted machine takes no attempts from the records that were in hand.
   */
  readonly deaths?: number;
}
