import { isAbsolute, join, resolve } from 'node:path';
import type { Host } from './host.ts';

/** What a checkout of docker-jitsi-meet says of Jibri. */
export interface Checkout {
  readonly folder: string;
  /** The tag of Jibri's image, or null when it cannot be read. */
  readonly tag: string | null;
  /** Where the containers' folders are on the host, or null when .env does not say. */
  readonly configDir: string | null;
  /** Whether jibri.yml mounts storage/jibri. */
  readonly mountsStorage: boolean;
  /** Where Jibri records with our overlay (deploy/jitsi/dailies.yml) beside it, in all releases; null without it. */
  readonly overlayRecordings: string | null;
  /** The finalize script on the host, or null. */
  readonly finalizeScript: string | null;
}

/** Reads a checkout, or null when the folder is none. */
export async function readCheckout(folder: string, host: Pick<Host, 'readText' | 'home'>): Promise<Checkout | null> {
  const compose = await host.readText(join(folder, 'jibri.yml'));
  if (compose === null) return null;
  const env = parseEnv((await host.readText(join(folder, '.env'))) ?? '');
  const config = env.get('CONFIG');
  const configDir = config === undefined ? null : expand(config, folder, host.home);
  const script = env.get('JIBRI_FINALIZE_RECORDING_SCRIPT_PATH');
  const overlay = (await host.readText(join(folder, 'dailies.yml'))) !== null;
  const place = (given: string): string => expand(given, folder, host.home);
  const storage = env.get('DAILIES_STORAGE') ?? (configDir === null ? null : join(configDir, 'storage', 'jibri'));
  const ours = overlay ? join(place(env.get('DAILIES_HOME') ?? '../dailies'), 'deploy', 'jitsi', 'finalize') : null;
  return {
    folder,
    tag: imageTag(compose, env),
    configDir,
    mountsStorage: /:\/storage(?::|\s|$)/m.test(compose),
    overlayRecordings: overlay && storage !== null ? join(place(storage), 'recordings') : null,
    finalizeScript: script === undefined ? ours : configDir === null ? null : hostPath(script, configDir),
  };
}

/** `KEY=value` lines, as Compose reads them: comments, `export` and quotes are taken off. */
export function parseEnv(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, key, raw = ''] = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key === undefined) continue;
    const [, , quoted] = /^(["'])(.*)\1/.exec(raw) ?? [];
    const value = quoted ?? raw.replace(/\s+#.*$/, '');
    if (value !== '') values.set(key, value);
  }
  return values;
}

/** The tag of `image: …/jibri:${JITSI_IMAGE_VERSION:-stable-9955}`, with what .env sets. */
function imageTag(compose: string, env: ReadonlyMap<string, string>): string | null {
  const [, tag] = /^\s*image:\s*["']?\S*jibri:(\S+?)["']?\s*$/m.exec(compose) ?? [];
  if (tag === undefined) return null;
  const [, variable, fallback] = /^\$\{(\w+)(?::?-([^}]*))?\}$/.exec(tag) ?? [];
  return variable === undefined ? tag : (env.get(variable) ?? fallback ?? null);
}

function expand(path: string, base: string, home: string): string {
  const known = path.replace(/^(?:~|\$HOME|\$\{HOME\})(?=\/|$)/, home);
  return isAbsolute(known) ? known : resolve(base, known);
}

/** A path in Jibri's container on the host: /config and /storage are mounts. */
function hostPath(path: string, configDir: string): string | null {
  if (path.startsWith('/config/')) return join(configDir, 'jibri', path.slice('/config/'.length));
  if (path.startsWith('/storage/')) return join(configDir, 'storage', 'jibri', path.slice('/storage/'.length));
  return null;
}
