import { setTimeout as sleep } from 'node:timers/promises';
import { decodeEvent, type EncodedMessage } from '@dailies/contracts';
import type { RecordingsReader } from '@dailies/service';

export interface SeePorts {
  readonly view: Pick<RecordingsReader, 'onEvent'>;
  publish(messages: readonly EncodedMessage[]): Promise<void>;
  /** How long a view that stays behind is waited for. */
  readonly seeMs: number;
}

/**
 * Publishes an event and waits until our own view shows it. Events of one recording keep their order, so the view then
 * knows all that happened to it before: what another process has sent, what is stored, whether it has ended. A view that
 * stays behind is not waited for for ever: then some batches are sent twice, which costs work and nothing else.
 */
export async function publishAndSee(
  event: EncodedMessage,
  { view, publish, seeMs }: SeePorts,
  signal: AbortSignal,
): Promise<void> {
  const ours = decodeEvent(event);
  const seen = Promise.withResolvers<void>();
  // Before the publishing, for the view may be faster than its answer.
  const unfollow = view.onEvent((other) => {
    const isOurs = other.recordingId === ours.recordingId && other.type === ours.type && other.run === ours.run;
    if (isOurs && other.at === ours.at) seen.resolve();
  });
  const over = new AbortController();
  try {
    await publish([event]);
    await Promise.race([
      seen.promise,
      sleep(seeMs, undefined, { signal: AbortSignal.any([signal, over.signal]) }).catch(() => {}),
    ]);
    signal.throwIfAborted();
  } finally {
    over.abort();
    unfollow();
  }
}
