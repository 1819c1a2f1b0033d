export type { Clock } from './clock.ts';
export * from './port.ts';
export type { TopicRules } from './rules.ts';
export { openSqliteBus, type SqliteBusOptions } from './sqlite/bus.ts';
export { DAILIES_TOPICS } from './topics.ts';
