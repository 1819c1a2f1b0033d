export type { Clock } from './clock.ts';
export { type WatcherConfig, watcherFields } from './config.ts';
export { createIngestWatcher, type IngestWatcher, type IngestWatcherOptions } from './service.ts';
