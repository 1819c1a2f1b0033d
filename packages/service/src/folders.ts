import { setTimeout as sleep } from 'node:timers/promises';
import { type DailiesError, isFinal } from '@dailies/contracts';
import type { Logger } from 'pino';
import type { RecordingsReader } from './types.ts';

export interface FoldersOptions {
  /** `Library` of @dailies/library fits. */
  readonly library: { absent(): Promise<DailiesError | null>; ensure(): Promise<string[]> };
  readonly view: Pick<RecordingsReader, 'all'>;
  readonly log: Logger;
  /** Ends the waiting; then nothing is made. */
  readonly signal: AbortSignal;
  readonly pollMs?: number;
}

const POLL_MS = 2000;

/**
 * Makes the folders that are missing. But where recordings are under way and their folder is missing or empty, its disk is
 * not mounted: folders that are made then would take its place, so it is waited for.
 * @throws DailiesError PERMISSION_DENIED
 */
export async function makeFolders({ library, view, log, signal, pollMs = POLL_MS }: FoldersOptions): Promise<void> {
  let said = false;
  for (;;) {
    const absent = view.all().some(({ state }) => !isFinal(state)) ? await library.absent() : null;
    if (signal.aborted) return;
    if (!absent) break;
    if (!said) log.error({ code: absent.code }, absent.message);
    said = true;
    await sleep(pollMs, undefined, { signal }).catch(() => {});
  }
  if (said) log.info('the recordings folder is there; work goes on');
  for (const sentence of await library.ensure()) log.info(sentence);
}
