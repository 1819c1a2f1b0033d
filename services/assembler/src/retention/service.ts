import { existsSync } from 'node:fs';
import type { Bus } from '@dailies/bus';
import { toDailiesError } from '@dailies/contracts';
import { freeBytes, type Library, removeOriginal, whyKept } from '@dailies/library';
import type { Logger, RecordingsReader, Service } from '@dailies/service';
import { isRetaining, type RetentionRules } from './config.ts';
import { apply, planned, type RetentionPorts } from './retain.ts';

export interface RetentionOptions {
  readonly bus: Pick<Bus, 'publish'>;
  readonly library: Pick<Library, 'processed' | 'archived'>;
  readonly view: Pick<RecordingsReader, 'all'>;
  readonly log: Logger;
  readonly config: RetentionRules;
  readonly firstMs?: number;
  readonly everyMs?: number;
}

const FIRST_MS = 60_000;
const EVERY_MS = 3_600_000;

/** The disk and the bus as retention needs them. */
export function retentionPorts(
  bus: Pick<Bus, 'publish'>,
  library: Pick<Library, 'processed' | 'archived'>,
  now: () => number,
): RetentionPorts {
  return {
    whyKept: (original) => whyKept(original, library),
    remove: (original) => removeOriginal(original, library),
    // A folder that is not there yet holds nothing that could go.
    freeBytes: async () => (existsSync(library.archived) ? freeBytes(library.archived) : Number.MAX_SAFE_INTEGER),
    publish: (messages) => bus.publish(messages),
    now,
  };
}

/** Deletes archived originals by rule, once an hour. Without a rule it does nothing. */
export function createRetention(options: RetentionOptions): Service {
  const { bus, library, view, log, config, firstMs = FIRST_MS, everyMs = EVERY_MS } = options;
  const ports = retentionPorts(bus, library, Date.now);
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;

  const turn = async (): Promise<void> => {
    try {
      const plan = await planned(view.all(), config, ports);
      const { removed } = await apply(plan, ports);
      for (const { archived, sizeBytes, recordingId } of removed)
        log.info(
          { recordingId, path: archived, sizeBytes },
          'archived original deleted; its film is verified and there',
        );
      if (plan.missingBytes > 0)
        log.warn(
          { missingBytes: plan.missingBytes, kept: plan.kept.length },
          'there is less free space than RETENTION_MIN_FREE_BYTES, and no more originals may go; `dailies retention` says why',
        );
    } catch (thrown) {
      log.error({ err: toDailiesError(thrown) }, 'archived originals could not be looked through; it is tried again');
    }
    later(everyMs);
  };
  const later = (ms: number): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      running = turn();
    }, ms);
  };

  return {
    name: 'retention',
    async start() {
      if (isRetaining(config)) later(firstMs);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
