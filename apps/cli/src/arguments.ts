import { DailiesError } from '@dailies/contracts';
import { type FieldSpec, flagOf } from '@dailies/service';

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
    throw new DailiesError('CONFIG_INVALID', `The argument ${JSON.stringify(stray)} is one too many.`);
  }
  return { flags, positionals };
}
