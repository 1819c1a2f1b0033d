import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isSessionFolder, quote } from '@dailies/library';
import { type Finding, ok, warn } from './finding.ts';
import type { Check, DoctorInput } from './input.ts';
import { type Layout, layoutOf, parseRelease, releaseFinding } from './jibri-release.ts';
import { type Checkout, readCheckout } from './jitsi-checkout.ts';

/** Where recordings are below docker-jitsi-meet's CONFIG. */
const PLACE: Readonly<Record<Layout, string>> = {
  classic: join('jibri', 'recordings'),
  rootless: join('storage', 'jibri', 'recordings'),
};

/** Which Jibri records here, and whether it records to where we look. */
export const jibriCheck: Check = {
  name: 'Jibri',
  async run(input) {
    const checkout = await checkoutOf(input);
    return [...imageFindings(input, checkout), await layoutFinding(input, checkout)];
  },
};

export async function checkoutOf({ config, cwd, host }: DoctorInput): Promise<Checkout | null> {
  return readCheckout(config.jitsiDir ?? cwd, host);
}

function imageFindings({ config }: DoctorInput, checkout: Checkout | null): Finding[] {
  if (config.jibriVersion !== undefined) return [releaseFinding(parseRelease(config.jibriVersion), 'JIBRI_VERSION')];
  if (checkout?.tag) return [releaseFinding(parseRelease(checkout.tag), quote(checkout.folder))];
  if (config.jitsiDir === undefined) return [];
  return [
    warn(
      'Jibri image',
      `${quote(config.jitsiDir)} has no jibri.yml that names the image of Jibri.`,
      'Name a checkout of docker-jitsi-meet by --jitsi-dir, or the release by --jibri-version.',
    ),
  ];
}

async function layoutFinding(input: DoctorInput, checkout: Checkout | null): Promise<Finding> {
  const watched = input.folders.recordings;
  const release = input.config.jibriVersion ?? checkout?.tag;
  const layout =
    layoutOf(parseRelease(release ?? '')) ?? (checkout?.mountsStorage ? 'rootless' : null) ?? layoutAt(watched);
  const base = checkout?.configDir ?? baseOf(watched);
  if (base !== null) {
    const expected = checkout?.overlayRecordings ?? (layout && join(base, PLACE[layout]));
    const problem = await elsewhere(watched, base, expected);
    if (problem) return problem;
  }
  if (layout && base !== null) return ok('layout', `${layout} docker-jitsi-meet: ${quote(watched)}`);
  const sessions = input.survey.candidates.filter(({ path }) => isSessionFolder(basename(dirname(path)))).length;
  if (sessions > 0) return ok('layout', `${sessions} recordings lie in session folders as Jibri makes them`);
  return ok('layout', 'not that of docker-jitsi-meet; any folder is watched with all below it');
}

/** Something that Jibri records to where nobody looks: after an upgrade its folder is another one. */
async function elsewhere(watched: string, base: string, expected: string | null): Promise<Finding | null> {
  const here = await realpath(watched).catch(() => watched);
  for (const other of new Set([
    ...(expected ? [expected] : []),
    ...Object.values(PLACE).map((place) => join(base, place)),
  ])) {
    const there = await realpath(other).catch(() => null);
    if (there === null || there === here || here.startsWith(`${there}/`)) continue;
    const names = (await readdir(there).catch(() => [])).filter((name) => !name.startsWith('.'));
    if (names.length === 0 && other !== expected) continue;
    const what = other === expected ? 'This release of Jibri records to' : `${names.length} entries lie in`;
    return warn(
      'layout',
      `${what} ${quote(other)}, but ${quote(watched)} is watched.`,
      'Set RECORDINGS_DIR to where Jibri records; what lies in the other folder has to be moved there by hand.',
    );
  }
  return null;
}

/** The layout that the end of a path tells; in containers the mounts tell it. */
export function layoutAt(folder: string): Layout | null {
  if (folder.endsWith(`/${PLACE.rootless}`) || folder === '/storage/recordings') return 'rootless';
  if (folder.endsWith(`/${PLACE.classic}`) || folder === '/config/recordings') return 'classic';
  return null;
}

function baseOf(folder: string): string | null {
  const layout = folder.startsWith('/storage/') || folder.startsWith('/config/') ? null : layoutAt(folder);
  return layout && folder.slice(0, -PLACE[layout].length - 1);
}
