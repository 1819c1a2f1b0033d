import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DailiesError, type Look, parseLook, toDailiesError } from '@dailies/contracts';

const cinematic = {
  contrast: { amount: 0.3 },
  tealOrange: { shadows: [5, -9], highlights: [-6, 4], saturation: 1.06 },
  vignette: { sigma: 0.6, strength: 0.5 },
  bars: { fraction: 0.12 },
} as const;
const splitTint = { alpha: 0.3, left: [0, 0, 255], right: [255, 0, 0] } as const;

/** The looks that ship, the default first. */
export const LOOKS: readonly Look[] = [
  { name: 'both', describe: 'Cinematic, with the split-screen tint over it.', ...cinematic, splitTint },
  {
    name: 'cinematic',
    describe: 'Teal shadows and orange highlights, more contrast, a gentle vignette, bars.',
    ...cinematic,
  },
  { name: 'split-tint', describe: 'Blue over the left half, red over the right half.', splitTint },
  { name: 'none', describe: 'Leaves the picture as it is.' },
].map((look) => parseLook(look));

export const DEFAULT_LOOK = 'both';

/**
 * An operator's looks: a JSON file, or all `.json` files of a folder; none when there is no path. A file holds one look,
 * which is called after the file when it has no name, or an array of looks.
 * @throws DailiesError LOOK_INVALID that names the file and the parameter, or two looks of one name; PERMISSION_DENIED;
 *   CONFIG_INVALID when there is no such file or folder
 */
export async function loadLooks(path: string | undefined): Promise<Look[]> {
  if (path === undefined) return [];
  const looks = (await Promise.all((await lookFiles(path)).map(readLooks))).flat();
  const seen = new Map<string, string>();
  for (const { look, file } of looks) {
    const other = seen.get(look.name);
    if (other)
      throw new DailiesError('LOOK_INVALID', `The name "${look.name}" is used twice, in ${other} and in ${file}.`);
    seen.set(look.name, file);
  }
  return looks.map(({ look }) => look);
}

async function lookFiles(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = (await readdir(path)).filter((name) => name.endsWith('.json') && !name.startsWith('.'));
    return names.sort().map((name) => join(path, name));
  } catch (cause) {
    const error = toDailiesError(cause);
    if (error.code !== 'INTERNAL') throw error;
    throw new DailiesError(
      'CONFIG_INVALID',
      `The looks cannot be read from ${path}: there is no such file or folder.`,
      { cause },
    );
  }
}

async function readLooks(file: string): Promise<{ look: Look; file: string }[]> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw toDailiesError(cause);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DailiesError('LOOK_INVALID', `${file} is not JSON: ${cause instanceof Error ? cause.message : cause}.`, {
      cause,
    });
  }
  if (Array.isArray(value))
    return value.map((one: unknown, i) => ({ look: parseLook(one, `Look ${i + 1} of ${file}`), file }));
  const named = typeof value === 'object' && value !== null ? { name: basename(file, '.json'), ...value } : value;
  return [{ look: parseLook(named, file), file }];
}

/**
 * A look by its name.
 * @param extra an operator's looks; one of them hides a shipped look of the same name
 * @throws DailiesError LOOK_UNKNOWN that lists the names
 */
export function findLook(name: string, extra: readonly Look[] = []): Look {
  const all = [...extra, ...LOOKS];
  const found = all.find((look) => look.name === name);
  if (found) return found;
  const names = [...new Set(all.map((look) => look.name))].join(', ');
  throw new DailiesError('LOOK_UNKNOWN', `There is no look "${name}". There are: ${names}.`);
}
