export * from './port.ts';
export { type SqliteBusOptions, openSqliteBus } from './sqlite/bus.ts';
export type { TopicRules } from './sqlite/store.ts';
export { DAILIES_TOPICS } from './topics.ts';
