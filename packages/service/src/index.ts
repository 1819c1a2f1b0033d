export type { Logger } from 'pino';
export * from './config.ts';
export * from './fields.ts';
export * from './shared-fields.ts';
export * from './types.ts';
