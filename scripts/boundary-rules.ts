import { posix } from 'node:path';
import { type Import, lineAt, listImports, maskText } from './source-text.ts';

/** What the check looks at: every source file with its text, and what each package declares. Paths are relative to the root. */
export interface Tree {
  readonly files: ReadonlyMap<string, string>;
  readonly packages: readonly Package[];
}

export interface Package {
  readonly folder: string;
  readonly name: string;
  /** Names that its package.json declares; for its tests also those of the root's devDependencies. */
  readonly dependencies: ReadonlySet<string>;
}

/** One breach of a rule. */
export interface Breach {
  readonly file: string;
  readonly line: number;
  readonly says: string;
}

/** What a package must not know, with the reason. Services never import each other, and nobody imports an app: see below. */
const NEVER: Readonly<Record<string, { readonly of: RegExp; readonly because: string }>> = {
  '@dailies/contracts': { of: /^@dailies\//, because: 'contracts import nothing of ours' },
  '@dailies/grade': { of: /^@dailies\/(?!contracts$)/, because: 'the grade knows no ffmpeg and no bus' },
  '@dailies/media': { of: /^@dailies\/(?!contracts$|grade$)/, because: 'media knows no bus' },
};

/** What only an entry file, `main.ts`, may say. The packages that define the adapters are the second exception. */
const ENTRY_ONLY: readonly { readonly pattern: RegExp; readonly what: string; readonly definedIn?: RegExp }[] = [
  { pattern: /\bprocess\s*\.\s*env\b/g, what: 'reads the environment' },
  { pattern: /\bprocess\s*\.\s*(?:exit|exitCode|abort)\b/g, what: 'ends the process' },
  { pattern: /\bprocess\s*\.\s*(?:on|once|prependListener)\s*\(\s*['"`]/g, what: 'listens to the process' },
  { pattern: /\bopen(?:Sqlite|Kafka)Bus\b/g, what: 'names an adapter of the bus', definedIn: /^packages\/bus\// },
  { pattern: /\bnew\s+Kafka\b/g, what: 'names an adapter of the bus', definedIn: /^packages\/bus\// },
];

const MAX_LINES = 300;

/** Every breach of every rule, in the order of files. */
export function checkBoundaries(tree: Tree): Breach[] {
  const edges = new Map<string, string[]>();
  const breaches = [...tree.files].flatMap(([file, text]) => {
    const masked = maskText(text);
    const imports = listImports(text, masked);
    edges.set(
      file,
      imports.filter(({ kind }) => kind !== 'path').flatMap((each) => targetOf(tree, file, each) ?? []),
    );
    return [...checkImports(tree, file, imports), ...checkEntryOnly(tree, file, masked), ...checkLength(file, text)];
  });
  return [...breaches, ...findCycles(edges)];
}

function checkImports(tree: Tree, file: string, imports: readonly Import[]): Breach[] {
  const home = packageOf(tree, file);
  if (!home) return [];
  return imports.flatMap(({ specifier, line }) => {
    const says = specifier.startsWith('.')
      ? relativeBreach(home, file, specifier)
      : bareBreach(tree, home, file, specifier);
    return says ? [{ file, line, says }] : [];
  });
}

function relativeBreach(home: Package, file: string, specifier: string): string | null {
  const target = posix.join(posix.dirname(file), specifier);
  if (target.startsWith(`${home.folder}/`)) return null;
  if (isTest(file) && /^test\/(?:helpers|fixtures)\//.test(target)) return null;
  return `imports ${specifier}, which leaves ${home.folder}: import another package by its name, @dailies/…`;
}

function bareBreach(tree: Tree, home: Package, file: string, specifier: string): string | null {
  if (specifier.startsWith('node:')) {
    return specifier === 'node:process' && !isEntry(file) && !isTest(file)
      ? 'imports node:process: only main.ts reads the environment and exits'
      : null;
  }
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  const other = tree.packages.find((each) => each.name === name);
  if (name === home.name) return isTest(file) ? null : 'imports its own package by name: use a relative path';
  if (!home.dependencies.has(name) && !(isTest(file) && rootDependencies(tree).has(name))) {
    return `imports ${name}, which ${home.folder}/package.json does not declare`;
  }
  if (!other) return null;
  if (specifier !== name) return `imports ${specifier}: other packages are imported by their name alone`;
  if (isService(home) && isService(other))
    return `imports ${name}: services never import each other; what they share belongs into a package`;
  if (other.folder.startsWith('apps/')) return `imports ${name}: nothing imports an app`;
  if (isService(other) && !home.folder.startsWith('apps/')) return `imports ${name}: only apps put services together`;
  const never = NEVER[home.name];
  return never?.of.test(name) ? `imports ${name}: ${never.because}` : null;
}

function checkEntryOnly(tree: Tree, file: string, masked: string): Breach[] {
  if (!packageOf(tree, file) || isEntry(file) || isTest(file)) return [];
  return ENTRY_ONLY.filter(({ definedIn }) => !definedIn?.test(file)).flatMap(({ pattern, what }) =>
    [...masked.matchAll(pattern)].map((match) => ({
      file,
      line: lineAt(masked, match.index),
      says: `${what} (${match[0].trim()}): only main.ts does; take it as a parameter`,
    })),
  );
}

function checkLength(file: string, text: string): Breach[] {
  const lines = text.split('\n').length - 1;
  const reason = /\/\/ long: \S|\bLong because \S/.test(text.split('\n').slice(0, 20).join('\n'));
  if (lines <= MAX_LINES || reason) return [];
  const says = `has ${lines} lines, more than ${MAX_LINES}: split it, or say why at its top (\`// long: reason\`)`;
  return [{ file, line: lines, says }];
}

/** One breach for each group of files that import each other, named by a shortest way round. */
function findCycles(edges: ReadonlyMap<string, readonly string[]>): Breach[] {
  const reported = new Set<string>();
  return [...edges.keys()].flatMap((file) => {
    const way = reported.has(file) ? null : wayBack(edges, file);
    if (!way) return [];
    for (const each of way) reported.add(each);
    return [{ file, line: 1, says: `is in an import cycle: ${[...way, file].join(' → ')}` }];
  });
}

/** A shortest way from a file along its imports back to itself, or null. */
function wayBack(edges: ReadonlyMap<string, readonly string[]>, start: string): string[] | null {
  const from = new Map<string, string>();
  const queue = [start];
  for (const file of queue) {
    for (const next of edges.get(file) ?? []) {
      if (next === start) {
        const way = [file];
        for (let at = file; at !== start; at = way[0] as string) way.unshift(from.get(at) as string);
        return way;
      }
      if (from.has(next)) continue;
      from.set(next, file);
      queue.push(next);
    }
  }
  return null;
}

/** The file that an import loads, when it is one of ours. */
function targetOf(tree: Tree, file: string, { specifier }: Import): string | null {
  const entry = tree.packages.find((each) => each.name === specifier);
  const target = entry
    ? `${entry.folder}/src/index.ts`
    : specifier.startsWith('.')
      ? posix.join(posix.dirname(file), specifier)
      : '';
  return tree.files.has(target) ? target : null;
}

const packageOf = (tree: Tree, file: string) =>
  tree.packages.find(({ folder }) => folder !== '' && file.startsWith(`${folder}/`));
const rootDependencies = (tree: Tree) =>
  tree.packages.find(({ folder }) => folder === '')?.dependencies ?? new Set<string>();
const isService = ({ folder }: Package) => folder.startsWith('services/');
const isEntry = (file: string) => /^(?:services|apps)\/[^/]+\/src\/main\.ts$/.test(file);
const isTest = (file: string) => /^[^/]+\/[^/]+\/test\//.test(file);
