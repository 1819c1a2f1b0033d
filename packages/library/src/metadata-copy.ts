/** Anything that begins like a URL, whatever its scheme, with the whole of what belongs to it. */
const URLS = /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]+/gi;
/** What a URL can hold of secrets beside its host and its path: the user part, the query, the fragment. */
const USER = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i;
const REST = /[?#].*$/s;
/** Parameters of what has no scheme, such as `meet.example.org/room?jwt=…`. */
const QUERY = /[?#&][\w.~%-]+=[^\s"'<>]*/g;
/** A signed token (RFC 7519), wherever it stands. */
const TOKEN = /\beyJ[\w-]{4,}\.[\w-]+\.[\w-]*/g;

/** Names of what is secret as a whole; clients may add what they like to the metadata. */
const SECRET_NAME = /jwt|token|passw|secret|credential|api_?key|authoriz/i;

/** What stands where a secret was. */
const REMOVED = '(removed)';

/**
 * The metadata of a session as they may lie beside a film, which more people see than recordings: URLs without user,
 * query and fragment (a room's URL may end in `?jwt=…`, and who has that may enter), and no signed tokens. Pure.
 * @returns null for what is no JSON: nobody can tell what is in it
 */
export function publicMetadata(text: string): string | null {
  try {
    const cleaned: unknown = JSON.parse(text, cleanedValue);
    return JSON.stringify(cleaned);
  } catch {
    return null;
  }
}

function cleanedValue(key: string, value: unknown): unknown {
  if (typeof value === 'string') return SECRET_NAME.test(key) ? REMOVED : withoutSecrets(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, of]) => [withoutSecrets(name), of]));
}

function withoutSecrets(text: string): string {
  return text
    .replace(URLS, (url) => url.replace(REST, '').replace(USER, '$1'))
    .replace(QUERY, '')
    .replace(TOKEN, REMOVED);
}
