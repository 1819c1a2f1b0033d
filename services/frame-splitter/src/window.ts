import type { Cut, RecordingStatus } from '@dailies/contracts';
import type { RecordingsReader } from '@dailies/service';

/** Why a split ends early without a failure of its own. */
export class Abandoned extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'Abandoned';
  }
}

/**
 * Whether a batch may be sent: `go`, `wait` until the window has room, or `abandon` because the run is over. Pure.
 * The window counts batches that were sent and are not stored yet.
 */
export function mayGo(
  status: RecordingStatus | undefined,
  run: number,
  cut: Cut,
  limit: number,
): 'go' | 'wait' | 'abandon' {
  if (status && status.run >= run) {
    if (status.run > run || status.state === 'failed' || status.state === 'quarantined') return 'abandon';
    // A batch does not decode to what its packets promised: the recording is cut again by decoding, or is already.
    if (cut === 'copy' && (status.cutAgain || status.cut === 'rekey')) return 'abandon';
    if (status.cut === cut) return status.sent.size - status.stored.size < limit ? 'go' : 'wait';
  }
  // The view does not show our run yet: all that counts is what we have sent ourselves.
  return limit > 0 ? 'go' : 'wait';
}

/**
 * Waits for room in the window of one run. `ahead` are batches that were sent and that the view may not show yet.
 * @throws Abandoned when the run is over
 */
export async function waitForRoom(
  view: RecordingsReader,
  of: { recordingId: string; run: number; cut: Cut },
  limit: number,
  ahead: (status: RecordingStatus | undefined) => number,
  signal: AbortSignal,
): Promise<void> {
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  for (;;) {
    signal.throwIfAborted();
    const status = view.get(of.recordingId);
    const verdict = mayGo(status, of.run, of.cut, limit - ahead(status));
    if (verdict === 'go') return;
    if (verdict === 'abandon')
      throw new Abandoned(`recording ${of.recordingId} is ${status?.state} (${status?.code ?? 'new run'})`);
    await Promise.race([view.changed(), stopped]);
  }
}
