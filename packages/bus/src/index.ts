export type { Clock } from './clock.ts';
export { kafkaTopics } from './kafka/open.ts';
export { openBus } from './open.ts';
export * from './port.ts';
export type { TopicRules } from './rules.ts';
export type { BusLog, BusSettings, OpenBusOptions } from './settings.ts';
export { openSqliteBus, type SqliteBusOptions } from './sqlite/bus.ts';
export { DAILIES_TOPICS } from './topics.ts';
