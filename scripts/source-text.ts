/** One module that a file names, and where. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** `import`: loaded with the file. `lazy`: `import()`, `require()`. `path`: `new URL(…, import.meta.url)`, as for threads. */
  readonly kind: 'import' | 'lazy' | 'path';
}

/**
 * The text with comments and the insides of strings, templates and regular expressions blanked, each character by a
 * space and line ends kept, so that offsets and line numbers stay and words can be searched for in code alone.
 */
export function maskText(text: string): string {
  const out = [...text.split('')];
  const blank = (from: number, to: number) => {
    for (let i = from; i < to; i++) if (out[i] !== '\n') out[i] = ' ';
  };
  /** Braces that are open within each template around; `}` at 0 goes back into the template. */
  const templates: number[] = [];
  let at = 0;
  /** The last character of code that is no space: tells a division from a regular expression. */
  let before = '';
  const template = () => {
    const end = endOf(text, at, /`|\$\{/y);
    blank(at, end.inside);
    if (end.closing === '${') templates.push(0);
    at = end.after;
    before = end.closing === '${' ? '{' : '`';
  };
  while (at < text.length) {
    const char = text[at] as string;
    const two = text.slice(at, at + 2);
    if (two === '//' || two === '/*') {
      const end = text.indexOf(two === '//' ? '\n' : '*/', at + 2);
      const after = end < 0 ? text.length : end + (two === '//' ? 0 : 2);
      blank(at, after);
      at = after;
    } else if (char === "'" || char === '"') {
      const end = endOf(text, at + 1, char === "'" ? /'|\n/y : /"|\n/y);
      blank(at + 1, end.inside);
      at = end.after;
      before = char;
    } else if (char === '`') {
      at++;
      template();
    } else if (char === '}' && templates.at(-1) === 0) {
      templates.pop();
      at++;
      template();
    } else if (char === '/' && startsPattern(before, text, at)) {
      const end = endOf(text, at + 1, /\/|\n/y, true);
      blank(at + 1, end.inside);
      at = end.after;
      before = '/';
    } else {
      if (templates.length > 0 && char === '{') templates.push((templates.pop() ?? 0) + 1);
      if (templates.length > 0 && char === '}') templates.push((templates.pop() ?? 1) - 1);
      if (/\S/.test(char)) before = char;
      at++;
    }
  }
  return out.join('');
}

/** A slash divides after a value; after these it begins a regular expression, and after `return` and its like. */
function startsPattern(before: string, text: string, at: number): boolean {
  if (before === '' || '(,=:[!&|?{};+-*%<>~^'.includes(before)) return true;
  return /\b(?:return|typeof|case|of|in|yield|await|throw)\s*$/.test(text.slice(Math.max(0, at - 12), at));
}

interface End {
  /** Offset behind the inside, what ended it, and the offset behind that. */
  readonly inside: number;
  readonly closing: string;
  readonly after: number;
}

function endOf(text: string, from: number, closing: RegExp, classes = false): End {
  let inClass = false;
  for (let at = from; at < text.length; at++) {
    const char = text[at];
    if (char === '\\') {
      at++;
      continue;
    }
    if (classes && (char === '[' || char === ']')) inClass = char === '[';
    closing.lastIndex = at;
    const match = inClass ? null : closing.exec(text);
    if (match) return { inside: at, closing: match[0], after: at + match[0].length };
  }
  return { inside: text.length, closing: '', after: text.length };
}

const PATTERNS: readonly [Import['kind'], RegExp][] = [
  ['import', /\b(?:from|import)\s*(?=['"])/g],
  ['lazy', /\b(?:import|require)\s*\(\s*(?=['"])/g],
  ['path', /\bnew\s+URL\s*\(\s*(?=['"] *['"]\s*,\s*import\.meta\.url)/g],
];

/** Every module that the text names, in order of kind and place; types too, since they tie files together as well. */
export function listImports(text: string, masked = maskText(text)): Import[] {
  return PATTERNS.flatMap(([kind, pattern]) =>
    [...masked.matchAll(pattern)].map((match) => {
      const quote = match.index + match[0].length;
      const end = masked.indexOf(masked[quote] as string, quote + 1);
      return { kind, specifier: text.slice(quote + 1, end), line: lineAt(text, match.index) };
    }),
  );
}

/** Number of the line at an offset, the first being 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}
