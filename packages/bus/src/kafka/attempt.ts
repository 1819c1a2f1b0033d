import { DailiesError, toDailiesError } from '@dailies/contracts';
import type { Handler, OutgoingMessage } from '../port.ts';
import type { Progress } from './progress.ts';
import type { DecodedRecord } from './records.ts';

/** What came of one delivery; `hopeless` is a failure that no further one can mend. */
export type Outcome =
  | { readonly answers: readonly OutgoingMessage[] }
  | { readonly error: DailiesError; readonly hopeless?: boolean };

export interface AttemptPorts {
  readonly handler: Handler;
  readonly signal: AbortSignal;
  /** After so many deaths of those that worked on it, a record is given up unseen. */
  readonly maxDeaths: number;
  /** @throws DailiesError when the bus would refuse these messages */
  check(messages: readonly OutgoingMessage[]): void;
}

/** Runs the handler. What it answers is checked here, so that an answer which the bus refuses is the handler's failure. */
export async function attempt(
  { record, damage }: DecodedRecord,
  { deaths }: Progress,
  { handler, signal, maxDeaths, check }: AttemptPorts,
): Promise<Outcome> {
  if (damage !== null) return { error: new DailiesError('BUS_FAILED', damage), hopeless: true };
  if (deaths >= maxDeaths) {
    const says = `${deaths} processes died while they worked on this record; it is taken for the reason.`;
    return { error: new DailiesError('INTERNAL', says), hopeless: true };
  }
  try {
    const answers = (await handler(record, { signal })) ?? [];
    check(answers);
    return { answers };
  } catch (thrown) {
    return { error: toDailiesError(thrown) };
  }
}
