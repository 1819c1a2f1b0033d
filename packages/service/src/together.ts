import type { Service } from './types.ts';

/** Services of one process as one: started in order, stopped in reverse, so list first who is needed by those after it. */
export function together(name: string, services: readonly Service[]): Service {
  return {
    name,
    async start() {
      for (const service of services) await service.start();
    },
    async stop(options) {
      const deadline = performance.now() + options.drainMs;
      const failures: unknown[] = [];
      for (const service of services.toReversed()) {
        const drainMs = Math.max(0, Math.round(deadline - performance.now()));
        // One that fails does not keep the others from stopping.
        await service.stop({ drainMs }).catch((error: unknown) => failures.push(error));
      }
      if (failures.length > 0) throw failures[0];
    },
  };
}
