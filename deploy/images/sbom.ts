import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes the image's list of its packages (CycloneDX) of what npm and dpkg say:  node sbom.ts NPM_LIST APP <DPKG_LIST
 * npm lists all that its lock file knows, also what is made for other systems; what is not there below APP is left out.
 * DPKG_LIST: name, version, architecture, source and version of the source, by tabs.
 */
interface Component {
  readonly 'bom-ref': string;
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
}

export interface Bom {
  readonly metadata: { readonly lifecycles?: unknown; readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

/** Leaves npm's packages that are there, and adds those of the system. Pure. @param installed `name@version` of each */
export function imageBom(npm: Bom, installed: ReadonlySet<string>, system: readonly Component[]): Bom {
  const root = npm.metadata.component['bom-ref'];
  const components = npm.components.filter(({ 'bom-ref': ref }) => installed.has(ref));
  const known = new Set([root, ...components.map(({ 'bom-ref': ref }) => ref)]);
  return {
    ...npm,
    metadata: { ...npm.metadata, lifecycles: [{ phase: 'build' }] },
    components: [...components, ...system],
    dependencies: npm.dependencies
      .filter(({ ref }) => known.has(ref))
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => known.has(other)) })),
  };
}

/** Debian's packages; https://github.com/package-url/purl-spec/blob/main/types/deb-definition.json. Pure. */
export function debianComponents(list: string, release: string): Component[] {
  return list
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name = '', version = '', architecture = '', source = '', sourceVersion = ''] = line.split('\t');
      const from = name === source && version === sourceVersion ? '' : `&upstream=${source}%40${encode(sourceVersion)}`;
      const purl = `pkg:deb/debian/${encode(name)}@${encode(version)}?arch=${architecture}&distro=${release}${from}`;
      return { 'bom-ref': purl, type: 'library', name, version, purl };
    });
}

const encode = (text: string): string => encodeURIComponent(text).replaceAll('%3A', ':');

function nodeItself(version: string): Component {
  const purl = `pkg:generic/node@${version}`;
  return { 'bom-ref': purl, type: 'application', name: 'node', version, purl };
}

/** `name@version` of all packages below a folder, links to workspaces and packages within packages included. */
export function installedBelow(folder: string, found = new Set<string>(), seen = new Set<string>()): Set<string> {
  for (const entry of folders(join(folder, 'node_modules'))) {
    const below = join(folder, 'node_modules', entry);
    for (const one of entry.startsWith('@') ? folders(below).map((name) => join(below, name)) : [below]) {
      const real = realpathSync(one);
      if (seen.has(real)) continue;
      seen.add(real);
      const { name, version } = JSON.parse(readFileSync(join(real, 'package.json'), 'utf8'));
      found.add(`${name}@${version}`);
      installedBelow(real, found, seen);
    }
  }
  return found;
}

function folders(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith('.'));
  } catch {
    return [];
  }
}

if (import.meta.main) {
  const [npmList = '', app = ''] = process.argv.slice(2);
  const [, codename = ''] = /^VERSION_CODENAME=(\w+)/m.exec(readFileSync('/etc/os-release', 'utf8')) ?? [];
  const system = [nodeItself(process.versions.node), ...debianComponents(readFileSync(0, 'utf8'), codename)];
  const bom = imageBom(JSON.parse(readFileSync(npmList, 'utf8')), installedBelow(app), system);
  process.stdout.write(`${JSON.stringify(bom, null, 2)}\n`);
}
