import { isDerived } from './config.ts';
import { type FieldSpec, flagOf } from './fields.ts';
import { wrap } from './terminal-text.ts';

/** Beyond this no line of a help text goes: it would be hard to read. */
export const HELP_COLUMNS = 100;

/** The settings of a program for its help text, each with its flag, what it does, its variable and its default. Pure. */
export function settingsHelp(fields: readonly FieldSpec[], columns: number): string[] {
  return fields.flatMap((field) => settingHelp(field, Math.min(HELP_COLUMNS, columns)));
}

function settingHelp(field: FieldSpec, columns: number): string[] {
  const flag = flagOf(field);
  const value = field.type === 'boolean' ? '' : ` ${placeholder(field)}`;
  const facts = [
    flag === null ? 'in the environment only' : field.env,
    ...(field.values ? [`one of ${field.values.join(', ')}`] : []),
    `default: ${defaultText(field)}`,
  ].join('; ');
  return [
    `  ${flag === null ? field.env : `${flag}${value}`}`,
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

/** `SERVICE --help`. Pure. */
export function serviceHelp(
  { name, summary, fields }: { readonly name: string; readonly summary: string; readonly fields: readonly FieldSpec[] },
  version: string,
  columns: number,
): string {
  return [
    `${name} (Dailies ${version})`,
    '',
    ...wrap(summary, Math.min(HELP_COLUMNS, columns)),
    '',
    `Usage: npm start -w services/${name} -- [OPTIONS]`,
    '',
    ...wrap(
      'It works until SIGTERM or Ctrl-C; then it finishes what is in hand (DRAIN_MS) and leaves the rest to others. Exit codes: 0 after that, 1 when it could not start or not go on.',
      Math.min(HELP_COLUMNS, columns),
    ),
    '',
    'Options (and the environment variable that sets the same):',
    '',
    ...settingsHelp(fields, columns),
    '  --help, -h',
    '      This text.',
    '  --version, -v',
    '      The version.',
    '',
  ].join('\n');
}

/** Whether `--help` is among the arguments, before a `--`. */
export function asksForHelp(argv: readonly string[]): boolean {
  return isAmong(argv, '--help', '-h');
}

export function asksForVersion(argv: readonly string[]): boolean {
  return isAmong(argv, '--version', '-v');
}

function isAmong(argv: readonly string[], ...flags: string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).some((argument) => flags.includes(argument));
}
