export * from './grade-batch.ts';
export * from './join.ts';
export * from './safety.ts';
export * from './source.ts';
export * from './split.ts';
export * from './tools.ts';
export * from './verify.ts';
