import { quote } from '@dailies/library';
import { type FieldSpec, flagOf, refuseUnknownFlags } from '@dailies/service';
import { refusal } from './report.ts';

/**
 * Parts positional arguments from flags, for `loadConfig` which takes flags alone. What follows `--` is positional.
 * @throws DailiesError CONFIG_INVALID when there are more than `atMost`
 */
export function splitArguments(
  argv: readonly string[],
  fields: readonly FieldSpec[],
  atMost: number,
): { flags: string[]; positionals: string[] } {
  const takesValue = new Set(fields.filter((field) => field.type !== 'boolean').map(flagOf));
  const flags: string[] = [];
  const positionals: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i] ?? '';
    if (argument === '--') {
      positionals.push(...argv.slice(i + 1));
      break;
    }
    if (!argument.startsWith('-') || argument === '-') {
      positionals.push(argument);
      continue;
    }
    flags.push(argument);
    const value = argv[i + 1];
    if (takesValue.has(argument) && value !== undefined) {
      flags.push(value);
      i += 1;
    }
  }
  if (positionals.length > atMost) {
    const stray = positionals[atMost] ?? '';
    // What follows a flag that was mistyped looks like an argument.
    refuseUnknownFlags(fields, flags);
    const takesFolder = atMost === 0 && fields.some((field) => flagOf(field) === '--recordings');
    throw refusal(
      `The argument ${JSON.stringify(stray)} is one too many.`,
      takesFolder
        ? `A folder of recordings is named with --recordings ${quote(stray)}`
        : '`dailies COMMAND --help` lists the options of a command.',
    );
  }
  return { flags, positionals };
}
