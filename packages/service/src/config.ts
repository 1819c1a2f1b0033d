import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { DailiesError } from '@dailies/contracts';
import { type ConfigOf, type Derived, type FieldSpec, flagOf, keyOf } from './fields.ts';
import { nearest } from './nearest.ts';

export interface ConfigSource {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Arguments after the command: flags only. */
  readonly argv: readonly string[];
  /** What relative paths begin at; the working directory when left out. */
  readonly cwd?: string;
}

type Value = string | number | boolean | undefined;

/**
 * Makes the configuration of some fields: a flag wins over the environment, which wins over the default. An empty
 * variable counts as not set (compose files pass `${LOOK:-}`); paths become absolute.
 * @returns a frozen object with camel case keys
 * @throws DailiesError CONFIG_INVALID that names every wrong setting, and never the value of a secret
 */
export function loadConfig<const Fields extends readonly FieldSpec[]>(
  fields: Fields,
  source: ConfigSource,
): ConfigOf<Fields> {
  const specs = distinctFields(fields);
  const flags = readFlags(specs, source.argv);
  const values = new Map<string, Value>();
  const problems: string[] = [];
  const get = (env: string): string => {
    const value = values.get(env);
    if (value === undefined) throw new Error(`A default needs ${env}, which is not declared before it`);
    return String(value);
  };
  for (const spec of specs) {
    const flag = flags.get(spec.env);
    const text = flag ?? (source.env[spec.env] || undefined);
    const fallback = isDerived(spec.default) ? spec.default.value(get) : spec.default;
    const parsed = text === undefined ? { value: fallback } : parseValue(spec, text);
    if ('problem' in parsed) {
      const name = flag === undefined ? spec.env : (flagOf(spec) ?? spec.env);
      problems.push(
        spec.secret ? `${name} ${parsed.problem}` : `${name} is ${JSON.stringify(text)}, but it ${parsed.problem}`,
      );
    }
    // A wrong value does not stop the reading: all problems are told at once.
    const value = 'problem' in parsed ? fallback : parsed.value;
    values.set(spec.env, spec.type === 'path' && typeof value === 'string' ? resolve(source.cwd ?? '', value) : value);
  }
  if (problems.length > 0) throw new DailiesError('CONFIG_INVALID', `${problems.join('; ')}.`);
  return Object.freeze(Object.fromEntries([...values].map(([env, value]) => [keyOf(env), value]))) as ConfigOf<Fields>;
}

export function isDerived(value: FieldSpec['default']): value is Derived {
  return typeof value === 'object';
}

/** The same field may come from several services; two different ones of the same name are a mistake in the program. */
export function distinctFields(fields: readonly FieldSpec[]): FieldSpec[] {
  const seen = new Map<string, FieldSpec>();
  for (const spec of fields) {
    if ((seen.get(spec.env) ?? spec) !== spec) throw new Error(`${spec.env} is declared twice`);
    seen.set(spec.env, spec);
  }
  return [...seen.values()];
}

/** Texts of the flags that were given, by the environment name of their field. */
function readFlags(specs: readonly FieldSpec[], argv: readonly string[]): Map<string, string> {
  const byName = new Map<string, FieldSpec>();
  for (const spec of specs) {
    const flag = flagOf(spec);
    if (flag) byName.set(flag.slice(2), spec);
  }
  const options = Object.fromEntries(
    [...byName].map(([name, spec]) => [
      name,
      { type: spec.type === 'boolean' ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  let given: { name: string; value: string }[];
  try {
    refusePositionals(argv, byName);
    for (const argument of argv) refuseUnknown(argument, byName);
    for (const [i, argument] of argv.entries()) refuseMissingValue(argument, argv[i + 1], byName);
    const { tokens } = parseArgs({ args: [...argv], options, strict: true, allowNegative: true, tokens: true });
    given = tokens
      .filter((token) => token.kind === 'option')
      // Only `--no-x` has another name than it was written with.
      .map(({ name, rawName, value = String(rawName === `--${name}`) }) => ({ name, value }));
  } catch (cause) {
    if (cause instanceof DailiesError) throw cause;
    throw new DailiesError(
      'CONFIG_INVALID',
      cause instanceof Error ? cause.message.replaceAll('\n', ' ') : String(cause),
      { cause },
    );
  }
  const flags = new Map<string, string>();
  for (const { name, value } of given) {
    const spec = byName.get(name);
    if (!spec) continue;
    if (value === '') throw new DailiesError('CONFIG_INVALID', `--${name} is given without a value.`);
    // Two values are two intentions; guessing which one counts would work on the wrong folder half of the time.
    if (flags.has(spec.env)) throw new DailiesError('CONFIG_INVALID', `--${name} is given twice. Give it once.`);
    flags.set(spec.env, value);
  }
  return flags;
}

/**
 * Refuses the first flag that there is not, with what was meant.
 * @throws DailiesError CONFIG_INVALID
 */
export function refuseUnknownFlags(fields: readonly FieldSpec[], argv: readonly string[]): void {
  const byName = new Map(fields.map((spec) => [flagOf(spec)?.slice(2) ?? '', spec]));
  for (const argument of argv) refuseUnknown(argument, byName);
}

/** parseArgs would speak of a command that takes no positional arguments, and end without a stop. */
function refusePositionals(argv: readonly string[], byName: ReadonlyMap<string, FieldSpec>): void {
  for (const [i, argument] of argv.entries()) {
    const before = argv[i - 1] ?? '';
    const isValue = /^--[^=]+$/.test(before) && byName.get(before.slice(2))?.type !== 'boolean';
    if (argument.startsWith('--') || isValue) continue;
    const what = argument.startsWith('-') && argument !== '-' ? 'option' : 'argument';
    throw new DailiesError('CONFIG_INVALID', `There is no ${what} ${JSON.stringify(argument)}.`);
  }
}

/** parseArgs would say it in two lines about ambiguity, or name a placeholder. */
function refuseMissingValue(argument: string, next: string | undefined, byName: ReadonlyMap<string, FieldSpec>): void {
  const type = byName.get(argument.slice(2))?.type;
  if (type === undefined || type === 'boolean' || !argument.startsWith('--')) return;
  if (next === undefined || next.startsWith('--'))
    throw new DailiesError('CONFIG_INVALID', `${argument} is given without a value.`);
}

/** Before parseArgs, for a message that suggests what was meant. */
function refuseUnknown(argument: string, byName: ReadonlyMap<string, FieldSpec>): void {
  const name = /^--([^=]+)/.exec(argument)?.[1];
  if (!name || byName.has(name) || byName.get(name.replace(/^no-/, ''))?.type === 'boolean') return;
  const meant = nearest(name, [...byName.keys()]);
  throw new DailiesError('CONFIG_INVALID', `There is no option --${name}.${meant ? ` Did you mean --${meant}?` : ''}`);
}

/** The value of a text, or what is wrong with it: a phrase that follows "it". */
function parseValue(spec: FieldSpec, text: string): { value: Value } | { problem: string } {
  const wanted = (what: string): { problem: string } => ({ problem: `must be ${what}, such as ${spec.example}` });
  switch (spec.type) {
    case 'int':
    case 'number': {
      const form = spec.type === 'int' ? /^-?\d+$/ : /^-?\d+(\.\d+)?$/;
      const value = Number(text);
      const { min = -Number.MAX_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = spec;
      return form.test(text) && value >= min && value <= max ? { value } : wanted(rangeText(spec));
    }
    case 'boolean': {
      const value = BOOLEANS.get(text.toLowerCase());
      return value === undefined ? wanted('true or false') : { value };
    }
    case 'enum':
      return spec.values?.includes(text) ? { value: text } : { problem: `must be one of ${spec.values?.join(', ')}` };
    case 'path':
      return text.includes('\0') ? wanted('a path') : { value: text };
    case 'string':
      return { value: text };
  }
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['yes', true],
  ['on', true],
  ['false', false],
  ['0', false],
  ['no', false],
  ['off', false],
]);

/** "a whole number of ms from 0 to 600000" */
export function rangeText(spec: FieldSpec): string {
  const range =
    spec.min !== undefined && spec.max !== undefined
      ? ` from ${spec.min} to ${spec.max}`
      : spec.min !== undefined
        ? ` of at least ${spec.min}`
        : spec.max !== undefined
          ? ` of at most ${spec.max}`
          : '';
  return `a ${spec.type === 'int' ? 'whole number' : 'number'}${spec.unit ? ` of ${spec.unit}` : ''}${range}`;
}
