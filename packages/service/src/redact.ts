import { type FieldSpec, keyOf } from './fields.ts';

export const REDACTED = '[redacted]';

/** Keys whose value is a secret wherever it stands. */
const SECRET_KEY = /pass(word|wd|phrase)?$|secret|token|authorization|api[-_]?key|credential|cookie/i;
/** The user part of a URL, which may hold a password. */
const URL_USER = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi;

export type Redact = (value: unknown) => unknown;

/**
 * Makes the function that removes secrets from what is logged: values under telling keys, the user part of URLs, and
 * the given secrets themselves wherever they appear in a text.
 */
export function redactor(secrets: readonly string[]): Redact {
  const known = secrets.filter((secret) => secret.length > 0);
  const text = (value: string): string =>
    known.reduce((clean, secret) => clean.replaceAll(secret, REDACTED), value.replace(URL_USER, `$1${REDACTED}@`));
  const redact = (value: unknown, depth: number): unknown => {
    if (typeof value === 'string') return text(value);
    if (typeof value !== 'object' || value === null || value instanceof Date) return value;
    if (depth > 8) return '[too deep]';
    if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        SECRET_KEY.test(key) && item !== undefined && item !== null ? REDACTED : redact(item, depth + 1),
      ]),
    );
  };
  return (value) => redact(value, 0);
}

/** The values of the secret fields in a loaded configuration, for `redactor`. */
export function secretsOf(fields: readonly FieldSpec[], config: Readonly<Record<string, unknown>>): string[] {
  return fields
    .filter((spec) => spec.secret)
    .map((spec) => config[keyOf(spec.env)])
    .filter((value) => typeof value === 'string');
}
