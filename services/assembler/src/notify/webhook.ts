import { DailiesError, type ErrorCode } from '@dailies/contracts';
import type { ReadyMessage } from './message.ts';
import { SIGNATURE_HEADER, signature } from './signature.ts';

export interface WebhookOptions {
  readonly url: URL;
  readonly secret: string | undefined;
  readonly timeoutMs: number;
  readonly userAgent: string;
  now(): number;
}

/** Sends a message. @throws DailiesError WEBHOOK_UNREACHABLE, WEBHOOK_FAILED, WEBHOOK_REFUSED, ABORTED; none holds the URL */
export type Webhook = (message: ReadyMessage, signal: AbortSignal) => Promise<void>;

/** Answers that say "not now" rather than "not this". */
const BUSY: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

export function createWebhook({ url, secret, timeoutMs, userAgent, now }: WebhookOptions): Webhook {
  return async (message, signal) => {
    const body = JSON.stringify(message);
    const timeout = AbortSignal.timeout(timeoutMs);
    let response: Response;
    try {
      response = await fetch(url, {
        method: 'POST',
        // A redirect could lead anywhere, and a POST becomes a GET on its way.
        redirect: 'manual',
        headers: {
          'content-type': 'application/json',
          'user-agent': userAgent,
          'x-dailies-id': message.id,
          ...(secret === undefined ? {} : { [SIGNATURE_HEADER]: signature(secret, body, now()) }),
        },
        body,
        signal: AbortSignal.any([signal, timeout]),
      });
    } catch (cause) {
      if (signal.aborted) throw new DailiesError('ABORTED', 'Stopped before a message was sent; it is given back.');
      const why = timeout.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(cause);
      throw new DailiesError('WEBHOOK_UNREACHABLE', `The webhook at ${url.host} cannot be reached: ${why}.`);
    }
    // What it says besides the status is not read: it may be endless.
    await response.body?.cancel().catch(() => undefined);
    const code = codeOf(response.status);
    if (code) throw new DailiesError(code, `The webhook at ${url.host} answered ${response.status}.`);
  };
}

/** What an answer means; null when the message was taken. */
export function codeOf(status: number): ErrorCode | null {
  if (status >= 200 && status < 300) return null;
  if (BUSY.has(status)) return 'WEBHOOK_UNREACHABLE';
  return status >= 500 ? 'WEBHOOK_FAILED' : 'WEBHOOK_REFUSED';
}

/** The system's name of what went wrong (`ECONNREFUSED`); texts of others may hold the URL. */
function reasonOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  if (!(cause instanceof Error)) return 'the request failed';
  if ('code' in cause && typeof cause.code === 'string') return cause.code;
  // Ports of other protocols, which fetch refuses (https://fetch.spec.whatwg.org/#port-blocking).
  return cause.message === 'bad port' ? 'this port is not allowed' : 'the request failed';
}
