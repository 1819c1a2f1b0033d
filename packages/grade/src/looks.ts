import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DailiesError, type Look, parseLook } from '@dailies/contracts';

const splitTint = { alpha: 0.3, left: [0, 0, 255], right: [255, 0, 0] } as const;
const cinematic = {
  contrast: { amount: 0.35 },
  tealOrange: { shadows: [7, -9], highlights: [-8, 7], saturation: 1.08 },
  vignette: { sigma: 0.6, strength: 0.7 },
  bars: { fraction: 0.12 },
} as const;

/** The looks that ship. */
export const LOOKS: readonly Look[] = [
  { name: 'both', describe: 'Cinematic with the split-screen tint over it: the default.', ...cinematic, splitTint, vignette: { sigma: 0.6, strength: 1 } },
  { name: 'cinematic', describe: 'Teal shadows, orange highlights, more contrast, a vignette and bars.', ...cinematic },
  { name: 'split-tint', describe: 'Blue over the left half, red over the right half.', splitTint },
  { name: 'none', describe: 'Leaves the picture as it is.' },
].map((look) => parseLook(look));

export const DEFAULT_LOOK = 'both';

/**
 * An operator's looks: each `.json` file of a folder, named by its `name` or else by the file.
 * @throws DailiesError LOOK_INVALID, naming the file
 */
export async function loadLooks(folder: string): Promise<Look[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  return Promise.all(
    files.map(async (file) => {
      const path = join(folder, file);
      let value: unknown;
      try {
        value = JSON.parse(await readFile(path, 'utf8'));
      } catch (cause) {
        throw new DailiesError('LOOK_INVALID', `${path} is not JSON.`, { cause });
      }
      const named = typeof value === 'object' && value !== null && !('name' in value) ? { name: file.slice(0, -5), ...value } : value;
      return parseLook(named, path);
    }),
  );
}

/** A look by its name; an operator's look hides a shipped one of that name. @throws DailiesError LOOK_UNKNOWN */
export function findLook(name: string, extra: readonly Look[] = []): Look {
  const all = [...extra, ...LOOKS];
  const found = all.find((look) => look.name === name);
  if (found) return found;
  throw new DailiesError('LOOK_UNKNOWN', `There is no look "${name}". There are: ${[...new Set(all.map((look) => look.name))].join(', ')}.`);
}

/** True when a look changes nothing at all. */
export function isIdentity(look: Look): boolean {
  return !look.contrast && !look.tealOrange && !look.splitTint && !look.vignette && !look.bars;
}
