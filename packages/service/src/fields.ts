/**
 * A setting, declared once. The loader, `--help`, and docs/reference/configuration.md are all made from these specs, so
 * they cannot drift apart.
 */
export interface FieldSpec {
  /** The environment variable. The key of the config object is its camel case: `QUIET_MS` → `quietMs`. */
  readonly env: Uppercase<string>;
  /** The flag of the command line; `--quiet-ms` for `QUIET_MS` when left out. A secret has none: the process list is public. */
  readonly flag?: `--${string}`;
  readonly type: 'int' | 'number' | 'string' | 'boolean' | 'enum' | 'path';
  /** `undefined`: not set. `derived(…)`: computed from other settings or from the machine. */
  readonly default: string | number | boolean | undefined | Derived;
  /** Unit of a number, as in "ms" or "bytes". */
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  /** The values of an enum. */
  readonly values?: readonly string[];
  /** One sentence or two for an operator. */
  readonly describe: string;
  /** A value as one would type it. */
  readonly example: string;
  /** A secret is redacted wherever the config is shown, and never quoted in an error. */
  readonly secret?: boolean;
}

/** A default that is computed when the configuration is loaded. */
export interface Derived {
  /** For people: "`RECORDINGS_DIR`/processed", "the number of cores". */
  readonly says: string;
  /** @param get the value of a setting that is declared earlier, by its environment name */
  readonly value: (get: (env: string) => string) => string | number | boolean;
}

export const derived = (says: string, value: Derived['value']): Derived => ({ says, value });

/** Declares a setting; keeps its literal types, from which the type of the config object is made. */
export function field<const F extends FieldSpec>(spec: F): F {
  return Object.freeze(spec);
}

/** Some fields of a list, by their environment names; keeps their types. */
export function pickFields<const F extends FieldSpec, const Env extends F['env']>(
  fields: readonly F[],
  ...envs: Env[]
): Extract<F, { env: Env }>[] {
  return fields.filter((spec): spec is Extract<F, { env: Env }> => envs.some((env) => env === spec.env));
}

type CamelTail<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Capitalize<Lowercase<Head>>}${CamelTail<Tail>}`
  : Capitalize<Lowercase<S>>;
type CamelCase<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Lowercase<Head>}${CamelTail<Tail>}`
  : Lowercase<S>;

type Parsed<F extends FieldSpec> = F['type'] extends 'int' | 'number'
  ? number
  : F['type'] extends 'boolean'
    ? boolean
    : F['type'] extends 'enum'
      ? NonNullable<F['values']>[number]
      : string;
type ValueOf<F extends FieldSpec> = F['default'] extends undefined ? Parsed<F> | undefined : Parsed<F>;

/** The frozen object that `loadConfig` makes of some fields: camel case keys, complete, in the units of the specs. */
export type ConfigOf<Fields extends readonly FieldSpec[]> = {
  readonly [F in Fields[number] as CamelCase<F['env']>]: ValueOf<F>;
};

/** `QUIET_MS` → `quietMs`. */
export function keyOf(env: string): string {
  return env.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** The flag of a field, or null for a secret. */
export function flagOf(spec: FieldSpec): string | null {
  if (spec.secret) return null;
  return spec.flag ?? `--${spec.env.toLowerCase().replaceAll('_', '-')}`;
}
