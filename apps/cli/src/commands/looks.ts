import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { LOOK_PARAMETERS, type Look } from '@dailies/contracts';
import { splitterFields } from '@dailies/frame-splitter';
import { DEFAULT_LOOK, findLook, LOOKS, loadLooks, toCube } from '@dailies/grade';
import { quote } from '@dailies/library';
import { field, loadConfig, padEnd, pickFields, safeText } from '@dailies/service';
import { splitArguments } from '../arguments.ts';
import { type Command, EXIT } from '../command.ts';
import { refusal } from '../report.ts';

const fields = [
  ...pickFields(splitterFields, 'LOOKS_DIR'),
  field({
    env: 'LOOKS_JSON',
    flag: '--json',
    type: 'boolean',
    default: false,
    describe: 'Print the looks with all their parameters as a JSON array.',
    example: 'true',
  }),
  field({
    env: 'LOOKS_CUBE',
    flag: '--cube',
    type: 'string',
    default: undefined,
    describe:
      'Print this look as a 3D LUT (.cube). A LUT knows colours and no places: bars, vignette and a tint that differs left and right are left out, and the file says so.',
    example: 'cinematic',
  }),
  field({
    env: 'LOOKS_OUT',
    flag: '--out',
    type: 'path',
    default: undefined,
    describe: 'With --cube: write to this file, which must not exist yet.',
    example: 'cinematic.cube',
  }),
] as const;

/** Lists looks, or exports one. */
export const looks: Command = {
  name: 'looks',
  usage: 'looks',
  summary: 'List the looks, or export one as a .cube LUT.',
  fields,
  positionals: 0,
  async run(context, argv) {
    const { flags } = splitArguments(argv, fields, 0);
    const config = loadConfig(fields, { env: context.env, argv: flags, cwd: context.cwd });
    const extra = await loadLooks(config.looksDir);
    if (config.looksOut !== undefined && config.looksCube === undefined) {
      throw refusal('--out says where a LUT goes, but no look is named.', 'Name it with --cube NAME.');
    }
    if (config.looksCube !== undefined) {
      const cube = toCube(findLook(config.looksCube, extra));
      if (config.looksOut === undefined) context.stdout.write(cube);
      else {
        await writeNew(config.looksOut, cube);
        context.stdout.write(`${quote(config.looksOut)} holds the colours of the look ${config.looksCube}.\n`);
      }
      return EXIT.ok;
    }
    const all = [...extra, ...LOOKS.filter((look) => !extra.some((own) => own.name === look.name))];
    context.stdout.write(
      config.looksJson ? `${JSON.stringify(all, null, 2)}\n` : `${looksText(all)}\n${parametersHelp()}`,
    );
    return EXIT.ok;
  },
};

async function writeNew(file: string, text: string): Promise<void> {
  await writeFile(resolve(file), text, { flag: 'wx' }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EEXIST') throw cause;
    throw refusal(
      `${quote(file)} exists already; it was left as it is.`,
      'Choose another name with --out.',
      'CONFIG_INVALID',
      cause,
    );
  });
}

/** A list for people: names, what they look like, their parameters. */
export function looksText(all: readonly Look[]): string {
  const column = Math.max(...all.map((look) => look.name.length)) + 2;
  return `${all
    .flatMap(({ name, describe, ...parameters }) => [
      `${padEnd(safeText(name), column)}${safeText(describe ?? '')}${name === DEFAULT_LOOK ? ' (default)' : ''}`,
      ...Object.entries(parameters)
        .filter(([, value]) => value !== undefined && value !== null)
        .map(([parameter, value]) => `${' '.repeat(column)}  ${padEnd(parameter, 11)} ${parametersText(value)}`),
    ])
    .join('\n')}\n`;
}

function parametersText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([key, item]) => `${key} ${Array.isArray(item) ? item.join('/') : item}`)
    .join(', ');
}

/** What an operator's own look may hold. */
function parametersHelp(): string {
  const column = Math.max(...Object.keys(LOOK_PARAMETERS).map((name) => name.length)) + 2;
  const lines = Object.entries(LOOK_PARAMETERS).map(
    ([name, { min, max, describe }]) => `  ${padEnd(name, column)}${padEnd(`${min} to ${max}`, 11)} ${describe}`,
  );
  return `Parameters of a look of your own (a JSON file in the folder that --looks names; what is left out is off):\n${lines.join('\n')}\n`;
}
