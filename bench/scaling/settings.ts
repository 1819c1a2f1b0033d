import type { BusSettings } from '@dailies/bus';
import { busFields, libraryFields, loadConfig } from '@dailies/service';

/** The defaults of every service, with this broker. */
export function busSettings(kafkaBrokers: string): BusSettings {
  return { ...loadConfig([...libraryFields, ...busFields], { env: {}, argv: [] }), kafkaBrokers };
}
