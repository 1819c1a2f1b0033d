import type { Bus } from '@dailies/bus';
import { type Pace, toDailiesError } from '@dailies/contracts';
import { followHosts, type HostsReader, type Logger } from '@dailies/service';
import { type CourtesyConfig, paceMessage, paceNow, TELL_MS } from './courtesy.ts';

export interface FollowOptions {
  readonly bus: Pick<Bus, 'tail' | 'publish'>;
  readonly worker: string;
  readonly config: CourtesyConfig;
  readonly log: Logger;
  readonly now?: () => number;
  /** How often it is looked whether a sign has expired, ms. */
  readonly tickMs?: number;
}

export interface PaceFollower {
  now(): Pace;
  /** Calls back with the pace after each change of what is known, and from time to time. */
  begin(onPace: (pace: Pace) => void): void;
  /** Tells others of the pace that holds, and goes on telling. */
  tell(pace: Pace): void;
  close(): Promise<void>;
}

const TICK_MS = 5000;

/** Follows what is said of our host. A bus that does not tell slows nobody down. */
export async function followPace(options: FollowOptions): Promise<PaceFollower> {
  const { bus, worker, config, log, now = Date.now, tickMs = TICK_MS } = options;
  const hosts = config.courtesy === 'off' ? null : await hostsOf(options);
  let timer: NodeJS.Timeout | undefined;
  let told: { pace: Pace; sinceMs: number; atMs: number } | null = null;

  const publish = (): void => {
    if (!told) return;
    told.atMs = now();
    const { pace, sinceMs, atMs } = told;
    bus
      .publish([paceMessage({ worker, host: config.courtesyHost, pace, sinceMs }, atMs)])
      .catch((thrown: unknown) => log.debug({ reason: toDailiesError(thrown).message }, 'the pace could not be told'));
  };
  return {
    now: () => paceNow(hosts, config, now()),
    begin(onPace) {
      if (!hosts) return;
      const look = (): void => {
        onPace(paceNow(hosts, config, now()));
        if (told && told.pace !== 'full' && now() - told.atMs >= TELL_MS) publish();
      };
      hosts.onChange(look);
      timer = setInterval(look, tickMs);
    },
    tell(pace) {
      const before = told?.pace ?? 'full';
      told = { pace, sinceMs: now(), atMs: now() };
      if (pace === before) return;
      publish();
      log.info({ host: config.courtesyHost }, SAYS[pace]);
    },
    async close() {
      clearInterval(timer);
      await hosts?.close();
    },
  };
}

const SAYS: Readonly<Record<Pace, string>> = {
  full: 'works at full pace again',
  slow: 'a meeting is being recorded on this machine: one batch at a time, at low priority',
  pause: 'a meeting is being recorded on this machine: no batches are taken',
};

async function hostsOf({ bus, log }: FollowOptions): Promise<HostsReader | null> {
  try {
    return await followHosts(bus, log);
  } catch (thrown) {
    log.warn({ reason: toDailiesError(thrown).message }, 'it cannot be heard when a meeting is being recorded');
    return null;
  }
}
