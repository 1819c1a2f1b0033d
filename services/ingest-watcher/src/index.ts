export type { Clock } from './clock.ts';
export { type WatcherConfig, watcherFields } from './config.ts';
export { courtesyFields } from './courtesy/config.ts';
export { type Courtesy, type CourtesyOptions, createCourtesy } from './courtesy/service.ts';
export { createIngestWatcher, type IngestWatcher, type IngestWatcherOptions } from './service.ts';
