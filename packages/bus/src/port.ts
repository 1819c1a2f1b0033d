import type { DailiesError } from '@dailies/contracts';

/** Largest value of one record, in bytes; a larger one is refused at `publish`. Kafka's `max.message.bytes` is the same. */
export const MAX_VALUE_BYTES = 10 * 1024 * 1024;

/** A message to be published. */
export interface OutgoingMessage {
  readonly topic: string;
  /** Messages with one key are delivered in the order in which they were published. */
  readonly key: string;
  /** Where Kafka puts the message; by the key when left out. The embedded bus only hands it on, 0 when left out. */
  readonly partition?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** At most MAX_VALUE_BYTES. */
  readonly value: Uint8Array;
}

/** A message as a consumer gets it. */
export interface BusRecord {
  readonly topic: string;
  readonly key: string;
  readonly partition: number;
  /** Names the record within its partition. Opaque: only fit to be shown and to be compared for equality. */
  readonly offset: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Uint8Array;
  /** When it was published, in ms since 1970, by the clock of the bus (on Kafka the broker's). For comparing with others of the bus. */
  readonly timestampMs: number;
  /**
   * 1 at the first delivery, one more at each further one, be it after a failure or after the death of a process (as far
   * as the adapter can know of it). A delivery that was given back by `stop` is not counted.
   */
  readonly attempt: number;
}

export interface HandlerContext {
  /** Aborted when the work has to be given back: the consumer stops, or another member has taken the record over. */
  readonly signal: AbortSignal;
}

/**
 * Works on one record. Resolves when all that it caused is durable; then the record is acknowledged. The messages that
 * it returns are published before the acknowledgement (embedded bus: in one transaction with it, so exactly once).
 * What a handler publishes by itself is not fenced: it may be published again by another delivery.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler with nothing to say returns nothing.
export type Handler = (record: BusRecord, context: HandlerContext) => Promise<readonly OutgoingMessage[] | void>;

/** Wait before the nth retry: `initialMs * factor^(n-1)`, at most `maxMs`, less what `jitter` takes. */
export interface Backoff {
  readonly initialMs: number;
  readonly maxMs: number;
  readonly factor: number;
  /** Up to which share a wait is shortened by chance, 0 to 1, so that what failed together does not come back together; 0 when left out. */
  readonly jitter?: number;
}

export interface ConsumeOptions {
  readonly topic: string;
  /** Members of one group share the records of a topic; each group gets all of them. A new group starts at the earliest. */
  readonly group: string;
  /** How many handlers run at once in this process. */
  readonly concurrency: number;
  /** How often a record is tried that fails with the fate `retry`; then it goes to the dead letters. */
  readonly attempts: number;
  /** The same for the fate `wait`, counted apart; without a bound when left out. */
  readonly waitAttempts?: number;
  readonly backoff: Backoff;
  readonly handler: Handler;
  /** Told after each failure that is tried again. */
  onRetry?(record: BusRecord, error: DailiesError, delayMs: number): void;
  /** Messages that go out together with a dead letter. When it throws, that is reported, and the dead letter goes alone. */
  onDeadLetter?(record: BusRecord, error: DailiesError): readonly OutgoingMessage[];
}

export interface Consumer {
  /** Records that are in hand now. */
  readonly inFlight: number;
  /**
   * Resolves when the consumer has stopped. Rejects with a DailiesError when it cannot go on, as when the file of the bus
   * is damaged. On purpose this is an unhandled rejection where nobody listens: a process that can do no work must end.
   */
  readonly done: Promise<void>;
  /**
   * Takes nothing new, waits `drainMs` for the handlers, aborts those that are left, gives them a moment to come back,
   * and gives their records back; that counts as no attempt. Safe to call again: the shorter `drainMs` wins.
   */
  stop(options: { readonly drainMs: number }): Promise<void>;
}

export interface Tail {
  close(): Promise<void>;
}

export interface TailOptions {
  /** Go on with records that arrive later, until the tail or the bus is closed. */
  readonly follow?: boolean;
  /** Closes the tail when aborted. */
  readonly signal?: AbortSignal;
}

/** Where work waits. */
export interface Lag {
  readonly topic: string;
  readonly group: string;
  /** Records that no handler works on, those included that wait for their next attempt. */
  readonly waiting: number;
  readonly inFlight: number;
}

/**
 * What services need of a message bus. At least once: a record is delivered again until it is acknowledged, which
 * happens when its handler resolves, or when it has gone to the dead letters. Within a topic and a group, records with
 * one key are handled one at a time, in the order of publishing; one that waits for its next attempt holds its key back
 * (on Kafka its partition), not the others. The rest runs side by side, oldest first.
 *
 * A record goes to the topic `dailies.dead-letters` when its handler fails with the fate `never`, or its attempts are
 * used up. There it has the same key, value and headers, and those of `DeadLetter` (dead-letter.ts): where it came from, who
 * gave it up, and why.
 */
export interface Bus {
  /**
   * Durable when it resolves; the order per key is kept. A later message is never durable before an earlier one, so what
   * has to be there when another is goes first. The embedded bus takes all of the messages or none; on Kafka a death in
   * the middle leaves the first ones.
   * @throws DailiesError BATCH_TOO_LARGE, MESSAGE_INVALID (no such topic), DISK_FULL, BUS_FAILED
   */
  publish(messages: readonly OutgoingMessage[]): Promise<void>;
  /** @throws DailiesError MESSAGE_INVALID (no such topic), BUS_FAILED */
  consume(options: ConsumeOptions): Promise<Consumer>;
  /**
   * Reads a topic from its beginning without a group, for read models. Resolves when it has caught up with what was
   * there at the call; with `follow` it goes on after that. `attempt` of its records is 1.
   * @throws what `onRecord` throws before that; later it is reported, and the tail goes on
   */
  tail(topic: string, onRecord: (record: BusRecord) => void, options?: TailOptions): Promise<Tail>;
  lag(): Promise<Lag[]>;
  /** Stops consumers and tails that are open, without draining. Safe to call twice. */
  close(): Promise<void>;
}
