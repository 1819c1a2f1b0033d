import type { DailiesError } from '@dailies/contracts';

/** A message to be published. */
export interface OutgoingMessage {
  readonly topic: string;
  /** Messages with one key are delivered in the order in which they were published. */
  readonly key: string;
  readonly partition?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly value: Uint8Array;
}

/** A message as a consumer gets it. */
export interface BusRecord {
  readonly topic: string;
  readonly key: string;
  readonly partition: number;
  readonly offset: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Uint8Array;
  readonly timestampMs: number;
  /** 1 at the first delivery. */
  readonly attempt: number;
}

export interface HandlerContext {
  /** Aborted when the work has to be given back. */
  readonly signal: AbortSignal;
}

/** Messages that a handler returns are published before its record is acknowledged (with the embedded bus: in one transaction). */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler with nothing to say returns nothing.
export type Handler = (record: BusRecord, context: HandlerContext) => Promise<readonly OutgoingMessage[] | void>;

export interface Backoff {
  readonly initialMs: number;
  readonly maxMs: number;
  readonly factor: number;
}

export interface ConsumeOptions {
  readonly topic: string;
  /** Members of one group share the records of a topic; each group gets all of them. */
  readonly group: string;
  /** How many handlers run at once in this process. */
  readonly concurrency: number;
  /** How often a record is tried whose error has the fate `retry`. */
  readonly attempts: number;
  /** The same for the fate `wait`; without a bound when left out. */
  readonly waitAttempts?: number;
  readonly backoff: Backoff;
  readonly handler: Handler;
  /** Told after each failure that is tried again. */
  onRetry?(record: BusRecord, error: DailiesError, delayMs: number): void;
  /** Messages that go out together with a dead letter. */
  onDeadLetter?(record: BusRecord, error: DailiesError): readonly OutgoingMessage[];
}

export interface Consumer {
  readonly inFlight: number;
  /**
   * Takes nothing new, waits `drainMs` for the handlers, aborts those that are left and gives their records back. That
   * does not count as an attempt. Safe to call twice.
   */
  stop(options: { readonly drainMs: number }): Promise<void>;
}

export interface Tail {
  close(): Promise<void>;
}

export interface Lag {
  readonly topic: string;
  readonly group: string;
  readonly waiting: number;
  readonly inFlight: number;
}

/**
 * What services need of a message bus. At least once: a record is delivered again until it is acknowledged, which
 * happens when its handler resolves, or when it has gone to the dead letters. Records with one key are handled one at a
 * time, in order; one that waits for its next attempt holds its key back, not the others.
 */
export interface Bus {
  /** Durable when it resolves. @throws DailiesError BATCH_TOO_LARGE, DISK_FULL, BUS_FAILED */
  publish(messages: readonly OutgoingMessage[]): Promise<void>;
  consume(options: ConsumeOptions): Promise<Consumer>;
  /**
   * Reads a topic from its beginning without a group, for read models. Resolves when it has caught up with what was
   * there at the call; with `follow` it goes on until it is closed.
   */
  tail(topic: string, onRecord: (record: BusRecord) => void, options?: { readonly follow?: boolean }): Promise<Tail>;
  lag(): Promise<Lag[]>;
  close(): Promise<void>;
}
