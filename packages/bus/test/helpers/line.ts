import { connect, createServer } from 'node:net';
import { random } from '../../../../test/helpers/random.ts';
import { type Cut, Wire } from './wire.ts';

/** What may happen to a connection. */
export type Fault =
  | Cut
  /** Nothing comes or goes, and nobody is told, as when a machine has lost its power; for ever when `forMs` is left out. */
  | { readonly kind: 'stall'; readonly forMs?: number }
  /** The same for all connections, those included that are made meanwhile. */
  | { readonly kind: 'stall all'; readonly forMs: number }
  /** From here on answers come in pieces of 1 to 7 bytes. */
  | { readonly kind: 'pieces' };

export interface Storm {
  readonly faults: number;
  /** One in so many pieces of answers begins a fault. */
  readonly oneIn: number;
  /** What comes next; `random` gives numbers from 0 to 1. */
  draw(random: () => number): Fault;
}

/** A line between clients and a broker, which has to advertise the port of the line. */
export interface Line {
  readonly port: number;
  /** Tells where the broker listens. */
  lead(port: number): void;
  /** Faults as a seed draws them, while answers come. Resolves with what was done, when all of it is, or at `calm`. */
  storm(storm: Storm): Promise<Fault[]>;
  /** Nothing comes or goes until `calm`. */
  stall(): void;
  /** No fault is under way any more, except on connections that stand still for ever. */
  calm(): void;
  close(): Promise<void>;
}

export async function openLine(seed: number): Promise<Line> {
  const next = random(seed);
  const wires = new Set<Wire>();
  const timers = new Set<NodeJS.Timeout>();
  let target = 0;
  let standing = false;
  const quiet = (_: Wire): void => {};
  let strike = quiet;
  let endStorm = (): void => {};

  const later = (ms: number, work: () => void): void => void timers.add(setTimeout(work, ms));
  const stand = (still: boolean): void => {
    standing = still;
    for (const wire of wires) wire.stand(still);
  };
  const begin = (wire: Wire, fault: Fault): void => {
    if (fault.kind === 'pieces') wire.inPieces = true;
    else if ('after' in fault) wire.cut = fault;
    else if (fault.kind === 'stall all') {
      stand(true);
      later(fault.forMs, () => stand(false));
    } else {
      wire.stand(true);
      if (fault.forMs === undefined) wire.dead = true;
      else later(fault.forMs, () => wire.stand(standing));
    }
  };

  const server = createServer({ noDelay: true }, (client) => {
    const broker = connect({ port: target, host: '127.0.0.1', noDelay: true });
    const wire: Wire = new Wire(client, broker, next, () => strike(wire));
    wires.add(wire);
    if (standing) wire.stand(true);
    client.once('close', () => wires.delete(wire));
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as { port: number };

  return {
    port,
    lead(to) {
      target = to;
    },
    storm({ faults, oneIn, draw }) {
      const done: Fault[] = [];
      return new Promise((resolve) => {
        endStorm = () => resolve(done);
        strike = (wire) => {
          if (wire.cut || done.length === faults || next() * oneIn >= 1) return;
          const fault = draw(next);
          begin(wire, fault);
          if (done.push(fault) === faults) endStorm();
        };
      });
    },
    stall: () => stand(true),
    calm() {
      strike = quiet;
      endStorm();
      for (const timer of timers) clearTimeout(timer);
      for (const wire of wires) wire.cut = null;
      stand(false);
    },
    async close() {
      for (const timer of timers) clearTimeout(timer);
      for (const wire of wires) wire.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
