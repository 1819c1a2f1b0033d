import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';

/** The end of a connection in the middle of an answer, after so many bytes more. */
export interface Cut {
  readonly kind: 'end' | 'reset';
  readonly after: number;
}

/** So many pieces at most of what has come at once: 2 MiB in pieces of 4 bytes would take minutes. */
const PIECES = 40;
const LONGEST_PIECE = 7;

/** One connection of a client, and its other half. */
export class Wire {
  inPieces = false;
  cut: Cut | null = null;
  /** Stands still for ever. */
  dead = false;
  #still = false;
  readonly #client: Socket;
  readonly #broker: Socket;
  readonly #next: () => number;

  constructor(client: Socket, broker: Socket, next: () => number, onAnswer: () => void) {
    this.#client = client;
    this.#broker = broker;
    this.#next = next;
    this.#pass(client, broker, (data) => write(broker, data));
    this.#pass(broker, client, (data) => {
      onAnswer();
      return this.#answer(data);
    });
  }

  /** Neither half is read: whoever closes one of them meanwhile is not heard of either. */
  stand(still: boolean): void {
    if (this.dead) return;
    this.#still = still;
    for (const socket of [this.#client, this.#broker]) still ? socket.pause() : socket.resume();
  }

  destroy(): void {
    this.#client.destroy();
    this.#broker.destroy();
  }

  /** In order, and no more at once than the other half takes. */
  #pass(from: Socket, to: Socket, deliver: (data: Buffer) => Promise<void>): void {
    let before = Promise.resolve();
    from.on('data', (data) => {
      from.pause();
      before = before.then(() => deliver(data)).then(() => void (this.#still || from.resume()));
    });
    from.on('error', () => {}); // told by 'close', too
    from.on('close', () => void before.then(() => to.destroySoon()));
  }

  async #answer(data: Buffer): Promise<void> {
    const { cut } = this;
    const end = Math.min(data.length, cut?.after ?? data.length);
    if (cut) this.cut = { ...cut, after: cut.after - end };
    let at = 0;
    for (let piece = 0; this.inPieces && piece < PIECES && at < end; piece++) {
      const until = Math.min(end, at + Math.ceil(this.#next() * LONGEST_PIECE));
      await write(this.#client, data.subarray(at, until));
      await turn(); // else the next piece would come with this one
      at = until;
    }
    if (at < end) await write(this.#client, data.subarray(at, end));
    if (!cut || end === data.length) return;
    if (cut.kind === 'reset') this.#client.resetAndDestroy();
    else this.#client.end();
    this.#broker.destroy();
  }
}

const write = (to: Socket, data: Buffer): Promise<void> => new Promise((resolve) => to.write(data, () => resolve()));
