export { assemblerFields } from './config.ts';
export { notifierFields } from './notify/config.ts';
export { createNotifier, type Notifier, type NotifierOptions } from './notify/service.ts';
export { type AssemblerOptions, createAssembler } from './service.ts';
