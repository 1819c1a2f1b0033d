export { assemblerFields } from './config.ts';
export { type AssemblerOptions, createAssembler } from './service.ts';
