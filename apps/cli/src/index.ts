export { type Command, EXIT } from './command.ts';
export { loadCommands } from './commands/index.ts';
export { commandHelp, programHelp } from './help.ts';
export { ONCE, runFields } from './run-fields.ts';
