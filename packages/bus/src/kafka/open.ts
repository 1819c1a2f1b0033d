import { DailiesError } from '@dailies/contracts';
import type { Bus } from '../port.ts';
import type { BusSettings, OpenBusOptions } from '../settings.ts';

/** @throws DailiesError CONFIG_INVALID, BUS_FAILED */
export async function openKafka(
  settings: BusSettings & { readonly kafkaBrokers: string },
  options: OpenBusOptions,
): Promise<Bus> {
  throw new DailiesError('BUS_FAILED', `${options.clientId} cannot reach ${settings.kafkaBrokers}.`);
}
