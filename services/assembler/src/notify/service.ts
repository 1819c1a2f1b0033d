import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus, Consumer } from '@dailies/bus';
import { type DailiesEvent, decodeEvent, GROUPS, isFinal, type RecordingStatus, TOPICS } from '@dailies/contracts';
import { type Logger, type RecordingsReader, type Service, safeJson, VERSION } from '@dailies/service';
import { type EndEvent, isEnd, isHistory, isOvertaken, type ReadyMessage, readyMessage } from './message.ts';
import { webhookSecret, webhookUrl } from './target.ts';
import { createWebhook } from './webhook.ts';

export interface NotifierOptions {
  readonly bus: Bus;
  readonly view: Pick<RecordingsReader, 'get' | 'changed'>;
  readonly log: Logger;
  /** Takes a line for the standard output, with its newline. */
  readonly write: (line: string) => void;
  readonly config: {
    readonly readyWebhookUrl?: string | undefined;
    readonly readyWebhookSecret?: string | undefined;
    readonly readyWebhookSecretFile?: string | undefined;
    readonly readyWebhookTimeoutMs: number;
    readonly readyWebhookAttempts: number;
    readonly readyWebhookPatienceHours: number;
    readonly readyStdout: boolean;
  };
  readonly backoff?: { readonly initialMs: number; readonly maxMs: number };
  readonly now?: () => number;
}

export interface Notifier extends Service {
  /** Resolves when all that has ended by now was told, after `maxMs`, or when `stopping` says so. */
  told(maxMs: number, stopping: AbortSignal): Promise<void>;
}

/** How many messages are under way at once. */
const CONCURRENCY = 4;
const BACKOFF = { initialMs: 1000, maxMs: 300_000 };
const JITTER = 0.5;
/** How long the state of a recording may take to show an event that the bus has delivered. */
const VIEW_MS = 5000;
const POLL_MS = 100;
/** Lines that are remembered as printed, so that a webhook that is tried again prints nothing twice. */
const MAX_PRINTED = 10_000;

/**
 * Tells the world when a recording has ended: by a webhook, by a line on the standard output, or both. Its progress is
 * that of a consumer group, so a restart neither forgets nor repeats; without a target it only keeps pace, so that a
 * webhook that is set later is not told the history.
 * @throws DailiesError CONFIG_INVALID
 */
export function createNotifier(options: NotifierOptions): Notifier {
  const { bus, view, log, config, backoff = BACKOFF, now = Date.now } = options;
  const webhook = webhookOf(options);
  const printed = new Set<string>();
  let consumer: Consumer | null = null;

  const print = (message: ReadyMessage): void => {
    if (!config.readyStdout || printed.has(message.id)) return;
    printed.add(message.id);
    if (printed.size > MAX_PRINTED) printed.delete([...printed][0] ?? '');
    options.write(`${safeJson(JSON.stringify(message))}\n`);
  };
  const hasTarget = webhook !== null || config.readyStdout;

  return {
    name: 'notifier',
    async start() {
      consumer = await bus.consume({
        topic: TOPICS.events,
        group: GROUPS.notifier,
        concurrency: CONCURRENCY,
        attempts: config.readyWebhookAttempts,
        waitAttempts: waitAttempts(config.readyWebhookPatienceHours, backoff.maxMs),
        backoff: { ...backoff, factor: 2, jitter: JITTER },
        async handler(record, { signal }) {
          const event = hasTarget ? endOf(record) : null;
          if (!event || isHistory(event, now())) return;
          const status = await shown(event, view, signal);
          if (isOvertaken(event, status)) return;
          const message = readyMessage(event, status);
          print(message);
          await webhook?.(message, signal);
          log.debug({ recordingId: event.recordingId, event: event.type }, 'told that a recording has ended');
        },
        onRetry(record, { code, message: reason }, delayMs) {
          log.warn(
            { key: record.key, attempt: record.attempt, code, reason, delayMs: Math.round(delayMs) },
            'the webhook is tried again',
          );
        },
        onDeadLetter(record, { code, message: reason }) {
          log.error({ key: record.key, code, reason }, 'the webhook was given up; the event is in the dead letters');
          return [];
        },
      });
    },
    async told(maxMs, stopping) {
      const until = performance.now() + maxMs;
      while (hasTarget && !stopping.aborted && performance.now() < until) {
        const mine = (await bus.lag()).find(({ topic, group }) => topic === TOPICS.events && group === GROUPS.notifier);
        if (!mine || mine.waiting + mine.inFlight === 0) return;
        await sleep(POLL_MS, undefined, { signal: stopping }).catch(() => undefined);
      }
    },
    async stop({ drainMs }) {
      await consumer?.stop({ drainMs });
      consumer = null;
    },
  };
}

function webhookOf({ config, log }: NotifierOptions): ReturnType<typeof createWebhook> | null {
  if (config.readyWebhookUrl === undefined) return null;
  const url = webhookUrl(config.readyWebhookUrl);
  const secret = webhookSecret(config.readyWebhookSecret, config.readyWebhookSecretFile);
  if (secret === undefined)
    log.warn('messages to the webhook are not signed: set READY_WEBHOOK_SECRET, so that their receiver can trust them');
  const timeoutMs = config.readyWebhookTimeoutMs;
  return createWebhook({ url, secret, timeoutMs, userAgent: `dailies/${VERSION}`, now: Date.now });
}

/** The event, when it ends a run. What cannot be read is of another version, and no end that we could tell of. */
function endOf(record: Parameters<typeof decodeEvent>[0]): EndEvent | null {
  let event: DailiesEvent;
  try {
    event = decodeEvent(record);
  } catch {
    return null;
  }
  return isEnd(event) ? event : null;
}

/** The state of a recording once it shows the end that the event tells of; what is known by then when it never does. */
async function shown(
  event: EndEvent,
  view: NotifierOptions['view'],
  signal: AbortSignal,
): Promise<RecordingStatus | undefined> {
  const late = AbortSignal.any([signal, AbortSignal.timeout(VIEW_MS)]);
  const given = Promise.withResolvers<void>();
  late.addEventListener('abort', () => given.resolve(), { once: true });
  for (;;) {
    const status = view.get(event.recordingId);
    const isShown = status && (status.run > event.run || (status.run === event.run && isFinal(status.state)));
    if (isShown || late.aborted) return status;
    await Promise.race([view.changed(), given.promise]);
  }
}

/** Attempts that take about so long, with waits that have grown to `maxMs` and are shortened by half of the jitter. */
function waitAttempts(hours: number, maxMs: number): number {
  return Math.max(1, Math.ceil((hours * 3_600_000) / (maxMs * (1 - JITTER / 2))));
}
