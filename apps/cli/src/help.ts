import { flagOf, HELP_COLUMNS, padEnd, settingsHelp, wrap } from '@dailies/service';
import type { Command } from './command.ts';

/** `dailies --help`; the reference leaves the version out. */
export function programHelp(commands: readonly Command[], version: string | null): string {
  const names = commands.map((command) => command.usage);
  const column = Math.max(...names.map((name) => name.length)) + 2;
  return [
    `dailies${version === null ? '' : ` ${version}`}: graded films of recorded meetings`,
    '',
    'Usage: dailies COMMAND [OPTIONS]',
    '',
    ...commands.map((command) => `  ${padEnd(command.usage, column)}${command.summary}`),
    '',
    '`dailies COMMAND --help` tells the options of a command; each can also be set in the environment.',
    '',
  ].join('\n');
}

/** `dailies COMMAND --help`. */
export function commandHelp(command: Command, columns: number): string {
  const options = command.fields.filter((field) => flagOf(field) !== null);
  return [
    `Usage: dailies ${command.usage}${options.length > 0 ? ' [OPTIONS]' : ''}`,
    '',
    command.summary,
    ...(command.details ?? []).flatMap((text) => ['', ...wrap(text, Math.min(HELP_COLUMNS, columns))]),
    '',
    'Options (and the environment variable that sets the same):',
    '',
    ...settingsHelp(options, columns),
    '',
  ].join('\n');
}
