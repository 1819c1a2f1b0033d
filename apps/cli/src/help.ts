import { type FieldSpec, flagOf, isDerived } from '@dailies/service';
import type { Command } from './command.ts';
import { padEnd, wrap } from './terminal-text.ts';

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
    ...(command.details ?? []).flatMap((text) => ['', ...wrap(text, Math.min(100, columns))]),
    '',
    'Options (and the environment variable that sets the same):',
    '',
    ...options.flatMap((field) => optionHelp(field, Math.min(100, columns))),
    '',
  ].join('\n');
}

function optionHelp(field: FieldSpec, columns: number): string[] {
  const value = field.type === 'boolean' ? '' : ` ${placeholder(field)}`;
  const facts = [
    field.env,
    ...(field.values ? [`one of ${field.values.join(', ')}`] : []),
    `default: ${defaultText(field)}`,
  ].join('; ');
  return [
    `  ${flagOf(field)}${value}`,
    ...wrap(`${field.describe} (${facts})`, columns - 6).map((line) => `      ${line}`),
  ];
}

function placeholder(field: FieldSpec): string {
  if (field.type === 'path') return 'PATH';
  if (field.type === 'enum') return 'NAME';
  return field.unit ? field.unit.toUpperCase() : field.type === 'string' ? 'TEXT' : 'N';
}

/** The default as people read it: "8000 ms", "not set". */
export function defaultText(field: FieldSpec): string {
  if (field.default === undefined) return 'not set';
  if (isDerived(field.default)) return field.default.says.replaceAll('`', '');
  return `${field.default}${field.unit ? ` ${field.unit}` : ''}`;
}
