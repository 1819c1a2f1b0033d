import type { Progress } from './progress.ts';
import type { RawMessage } from './records.ts';

/** A record that is worked on. */
export interface Work {
  readonly message: RawMessage;
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

/**
 * A partition for as long as it is ours without a break: the records that were fetched from it, and the one in hand.
 * When it is lost, `lost` is set for good; getting it back makes a new lease. So whoever holds a lease need not ask
 * which generation of the group it is from.
 */
export class Lease {
  readonly partition: number;
  /** Offset of the first record that was fetched, or that has to be fetched first; null when that is not known yet. */
  first: bigint | null = null;
  /** Offset after the last record that was fetched; only what follows it without a gap is taken. */
  next: bigint | null = null;
  /** What is known of the first record that is not done; null until it was read from the broker. */
  progress: Progress | null = null;
  work: Work | null = null;
  /** Set while the record is not to be tried again yet. */
  retry: NodeJS.Timeout | null = null;
  lost = false;
  /** Fetches in a row that did not fit. */
  misfits = 0;
  #queue: RawMessage[] = [];
  #bytes = 0;

  constructor(partition: number) {
    this.partition = partition;
  }

  /** Bytes of the records that wait here. */
  get bytes(): number {
    return this.#bytes;
  }

  get queued(): number {
    return this.#queue.length;
  }

  /** When the record was published that is next, ms since 1970; null when none may be begun now. */
  get readySince(): number | null {
    const head = this.#queue[0];
    if (!head || this.lost || this.work || this.retry || !this.progress) return null;
    return Number(head.timestamp);
  }

  /**
   * Takes the records of one fetch. What is there already is passed over.
   * @param end offset after the last record of the partition
   * @returns 'gap' when the fetch began behind the place where ours ends, so that records would be left out; 'cut' when
   * the partition ends before that place, so that its offsets are given to other records now
   */
  add(fetchedFrom: bigint, messages: readonly RawMessage[], end: bigint): 'fits' | 'gap' | 'cut' {
    this.first ??= fetchedFrom;
    this.next ??= fetchedFrom;
    if (fetchedFrom > this.next) return 'gap';
    if (end < this.next) return 'cut';
    for (const message of messages) {
      const offset = BigInt(message.offset);
      if (offset < this.next) continue;
      this.#queue.push(message);
      this.#bytes += message.value?.byteLength ?? 0;
      this.next = offset + 1n;
    }
    return 'fits';
  }

  /** The next record; to be called only when `readySince` is not null. */
  take(): RawMessage {
    const message = this.#queue.shift();
    if (!message) throw new Error('no record waits in this partition');
    this.#bytes -= message.value?.byteLength ?? 0;
    return message;
  }

  /** Forgets what was fetched; it has to be fetched again from this offset. */
  rewind(to: bigint): void {
    this.#queue = [];
    this.#bytes = 0;
    this.first = to;
    this.next = to;
  }

  /** The partition is no longer ours: nothing more may be published or committed for it. */
  lose(): void {
    this.lost = true;
    this.#queue = [];
    this.#bytes = 0;
    if (this.retry) clearTimeout(this.retry);
    this.retry = null;
    this.work?.abort.abort();
  }
}
