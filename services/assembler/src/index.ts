export { assemblerFields } from './config.ts';
export { notifierFields } from './notify/config.ts';
export { createNotifier, type Notifier, type NotifierOptions } from './notify/service.ts';
export { isRetaining, type RetentionRules, retentionFields } from './retention/config.ts';
export { type Applied, apply, type Plan, planned } from './retention/retain.ts';
export { createRetention, type RetentionOptions, retentionPorts } from './retention/service.ts';
export { type AssemblerOptions, createAssembler } from './service.ts';
