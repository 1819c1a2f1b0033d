import { open } from 'node:fs/promises';
import type { Bus } from '@dailies/bus';
import { encodeHost, type HostState, toDailiesError } from '@dailies/contracts';
import type { Logger, Service } from '@dailies/service';
import { openStatusServer } from './server.ts';
import { createSigns, parseFile } from './signs.ts';

export interface CourtesyOptions {
  readonly bus: Pick<Bus, 'publish'>;
  readonly log: Logger;
  readonly config: {
    readonly courtesyPort?: number | undefined;
    readonly courtesyBind: string;
    readonly courtesyFile?: string | undefined;
    readonly courtesyExpireMinutes: number;
    readonly courtesyHost: string;
  };
  readonly now?: () => number;
  /** How often the file is read and the signs are judged, ms. */
  readonly tickMs?: number;
}

export interface Courtesy extends Service {
  /** The port that is open, or null. */
  readonly port: number | null;
}

const TICK_MS = 5000;
/** What is said of a host is said again so often while a meeting is being recorded. */
const REPEAT_MS = 60_000;
const FILE = 'file';
const MAX_TEXT_BYTES = 1024;

/** Tells workers when Jibri is at work on this machine. Without a port and a file to learn it from, it does nothing. */
export function createCourtesy(options: CourtesyOptions): Courtesy {
  const { bus, log, config, now = Date.now, tickMs = TICK_MS } = options;
  const expireMs = config.courtesyExpireMinutes * 60_000;
  const signs = createSigns(expireMs);
  let server: Awaited<ReturnType<typeof openStatusServer>> | null = null;
  let timer: NodeJS.Timeout | undefined;
  let said: HostState | null = null;
  let last: Promise<void> = Promise.resolve();

  /** One after the other, so that what is said last is what holds. */
  const soon = (): void => {
    last = last.then(judge).catch((thrown: unknown) => {
      log.warn(
        { reason: toDailiesError(thrown).message },
        'workers could not be told what Jibri does; it is tried again',
      );
    });
  };
  const judge = async (): Promise<void> => {
    if (config.courtesyFile !== undefined) await readFileSign(config.courtesyFile);
    const nowMs = now();
    const next = stateOf(config.courtesyHost, signs.busy(nowMs), nowMs);
    if (!isWorthSaying(said, next, Math.min(REPEAT_MS, expireMs / 3))) return;
    await bus.publish([encodeHost(next)]);
    if (said?.state !== next.state && (said || next.state === 'recording'))
      log.info(
        { host: next.host },
        next.state === 'recording'
          ? 'a meeting is being recorded here: workers make room'
          : 'no meeting is being recorded any more',
      );
    said = next;
  };
  const readFileSign = async (path: string): Promise<void> => {
    const file = await readSmall(path);
    const nowMs = now();
    const busy = parseFile(file) && file !== null && nowMs - file.mtimeMs < expireMs;
    signs.note({ jibriId: FILE, busy }, nowMs);
  };

  return {
    name: 'courtesy',
    get port() {
      return server?.port ?? null;
    },
    async start() {
      const { courtesyPort: port, courtesyBind: host, courtesyFile } = config;
      if (port === undefined && courtesyFile === undefined) return;
      if (port !== undefined) {
        server = await openStatusServer({ port, host }, (sign) => {
          signs.note(sign, now());
          soon();
        });
        log.info({ port: server.port, address: host }, 'listens to Jibri');
      }
      timer = setInterval(soon, tickMs);
      soon();
    },
    /** What was said holds until it expires: a restart in the middle of a meeting wakes nobody. */
    async stop() {
      clearInterval(timer);
      await server?.close();
      server = null;
      await last;
    },
  };
}

function stateOf(host: string, busy: { sinceMs: number; untilMs: number } | null, nowMs: number): HostState {
  const iso = (ms: number): string => new Date(ms).toISOString();
  const base = { v: 1, type: 'host-state', host, at: iso(nowMs) } as const;
  if (!busy) return { ...base, state: 'idle', since: iso(nowMs), expiresAt: iso(nowMs) };
  return { ...base, state: 'recording', since: iso(busy.sinceMs), expiresAt: iso(busy.untilMs) };
}

/** Changes are told, and that a meeting goes on each time that it holds for `repeatMs` longer. Pure. */
export function isWorthSaying(said: HostState | null, next: HostState, repeatMs: number): boolean {
  if (said?.state !== next.state) return said !== null || next.state === 'recording';
  return next.state === 'recording' && Date.parse(next.expiresAt) - Date.parse(said.expiresAt) >= repeatMs;
}

async function readSmall(path: string): Promise<{ text: string; mtimeMs: number } | null> {
  try {
    const handle = await open(path, 'r');
    try {
      const { mtimeMs } = await handle.stat();
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(MAX_TEXT_BYTES), 0, MAX_TEXT_BYTES, 0);
      return { text: buffer.toString('utf8', 0, bytesRead), mtimeMs };
    } finally {
      await handle.close();
    }
  } catch {
    return null;
  }
}
