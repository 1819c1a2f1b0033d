import { createHmac } from 'node:crypto';

/** The header that proves who sent a message, and when. */
export const SIGNATURE_HEADER = 'x-dailies-signature';

/**
 * `t=<seconds since 1970>,v1=<hex>`: HMAC-SHA256 of `<t>.<body>`. The time is part of what is signed, so that a receiver
 * can refuse old messages that somebody sends again.
 */
export function signature(secret: string, body: string, nowMs: number): string {
  const t = Math.floor(nowMs / 1000);
  const v1 = createHmac('sha256', secret).update(`${t}.${body}`).digest('hex');
  return `t=${t},v1=${v1}`;
}
