/**
 * Prepares things several at once and finishes them one by one, in the order in which they were put in: so that files
 * are inspected in parallel, yet announced oldest first.
 */
export function createOrdered(concurrency: number): {
  /** Resolves when `finish` has; rejects with what either of the two throws, which holds up nobody else. */
  add<T>(prepare: () => Promise<T>, finish: (prepared: T) => Promise<void>): Promise<void>;
  /** Resolves when all that was added is over. */
  idle(): Promise<void>;
} {
  let free = concurrency;
  const waiting: (() => void)[] = [];
  let last: Promise<unknown> = Promise.resolve();

  async function bounded<T>(run: () => Promise<T>): Promise<T> {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await run();
    } finally {
      // The place is handed on, not given back: nobody who comes between may take it.
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  }

  return {
    add(prepare, finish) {
      const before = last;
      const prepared = bounded(prepare);
      // Its failure is seen below, when its turn comes; until then it is not "unhandled".
      prepared.catch(() => undefined);
      const done = before.then(async () => finish(await prepared));
      last = done.catch(() => undefined);
      return done;
    },
    async idle() {
      await last;
    },
  };
}
