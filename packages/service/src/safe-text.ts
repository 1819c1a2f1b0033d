/**
 * Characters that change what a terminal or a reader sees rather than being seen: control characters of both sets (a
 * newline forges a log line, ESC and CSI repaint the screen), line and paragraph separators, the marks that turn the
 * direction of text, the byte order mark, and lone surrogates.
 */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const escaped = (character: string): string =>
  SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** A text that is safe to print on one line of a terminal: file names and messages of others are hostile. */
export function safeText(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** As `safeText`, for a line of JSON: the escapes are those of JSON, so the line parses to the same value. */
export function safeJson(line: string): string {
  // JSON.stringify has escaped the first set already; its own \n, \t … are two printable characters here.
  return line.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
