import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkBoundaries, type Package, type Tree } from './boundary-rules.ts';

/** Workspaces as in the root's package.json. */
const WORKSPACES = ['packages', 'services', 'apps'];
const SOURCES = [...WORKSPACES, 'test', 'bench', 'scripts'];
/** AssemblyScript has a compiler and types of its own. */
const SKIPPED = /(?:^|\/)(?:node_modules|kernel)(?:\/|$)/;

/** Reads the sources and the declarations of a checkout. */
export function readTree(root: string): Tree {
  const files = SOURCES.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
      .filter((path) => path.endsWith('.ts') && !SKIPPED.test(path))
      .sort(),
  );
  const folders = WORKSPACES.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
  );
  const declared = folders.filter((folder) => existsSync(join(root, folder, 'package.json')));
  return {
    files: new Map(files.map((path) => [path, readFileSync(join(root, path), 'utf8')])),
    packages: [readPackage(root, ''), ...declared.map((folder) => readPackage(root, folder))],
  };
}

function readPackage(root: string, folder: string): Package {
  const { name, dependencies, devDependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(root, folder, 'package.json'), 'utf8'),
  ) as { name: string } & Record<'dependencies' | 'devDependencies' | 'optionalDependencies', object | undefined>;
  const declared = { ...dependencies, ...devDependencies, ...optionalDependencies };
  return { folder, name, dependencies: new Set(Object.keys(declared)) };
}

/** `node scripts/boundaries.ts`: prints every breach as `file:line says`, exit 1 when there is any. */
function main(): void {
  const tree = readTree(fileURLToPath(new URL('..', import.meta.url)));
  const breaches = checkBoundaries(tree);
  for (const { file, line, says } of breaches) console.error(`${file}:${line} ${says}`);
  console.log(
    `boundaries: ${tree.files.size} files in ${tree.packages.length - 1} packages, ${breaches.length} breaches`,
  );
  process.exitCode = breaches.length > 0 ? 1 : 0;
}

if (import.meta.main) main();
