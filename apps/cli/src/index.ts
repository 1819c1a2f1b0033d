export type { Command } from './command.ts';
export { gradeFields } from './commands/grade.ts';
export { defaultText } from './help.ts';
export { runFields } from './run-fields.ts';
