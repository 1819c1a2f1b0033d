import { realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { kindOf, quote } from '@dailies/library';
import { refusal } from './report.ts';

/** Extensions of images that name the same format. */
const SAME: Readonly<Record<string, string>> = { '.jpeg': '.jpg' };

export interface GradePaths {
  /** Absolute; a regular file. */
  readonly input: string;
  /** Absolute; its folder is there. */
  readonly output: string;
}

/**
 * The two files of `grade IN [OUT]`, with all that can be known to be wrong about them before any work.
 * @param look names the film when OUT is left out, or is a folder
 * @throws DailiesError CONFIG_INVALID, RECORDING_GONE
 */
export function gradePaths(positionals: readonly string[], look: string, cwd: string, force: boolean): GradePaths {
  const [given, wanted] = positionals;
  if (!given) throw refusal('Which file?', 'Name it: dailies grade IN [OUT].');
  const input = resolve(cwd, given);
  const source = statOf(input);
  if (!source) throw refusal(`${quote(input)} does not exist.`, 'Check the name.', 'RECORDING_GONE');
  if (source.isDirectory()) {
    throw refusal(
      `${quote(input)} is a folder; one file is graded at a time.`,
      `For all that is in it: dailies run --once --recordings ${quote(given)}`,
    );
  }
  if (!source.isFile()) throw refusal(`${quote(input)} is no regular file.`, 'Save it to a file first.');
  const output = outputOf(input, wanted && resolve(cwd, wanted), look);
  refuseWrongFolder(dirname(output));
  refuseTaken(input, source, output, force);
  refuseOtherFormat(input, output);
  return { input, output };
}

/** OUT as it was given; in it when it is a folder; beside the recording when there is none. */
function outputOf(input: string, wanted: string | undefined, look: string): string {
  const byItself = defaultOutput(input, look);
  if (!wanted) return byItself;
  return statOf(wanted)?.isDirectory() ? join(wanted, basename(byItself)) : wanted;
}

/** `a/room.webm` → `a/room.both.mp4`. */
export function defaultOutput(input: string, look: string): string {
  const extension = extname(input);
  const stem = extension ? input.slice(0, -extension.length) : input;
  return `${stem}.${look}${kindOf(`x${extension}`) === 'image' ? extension : '.mp4'}`;
}

/** What is made of a video is a film, and of an image an image of its own kind; another name would be a lie. */
function refuseOtherFormat(input: string, output: string): void {
  const formatOf = (file: string): string => {
    const extension = extname(file).toLowerCase();
    return SAME[extension] ?? extension;
  };
  const [from, to] = [formatOf(input), formatOf(output)];
  if (kindOf(`x${from}`) === 'image') {
    if (from === to) return;
    throw refusal(
      `An image keeps its format: ${quote(basename(output))} cannot be made of a ${from} file.`,
      `Name it with ${from}.`,
    );
  }
  if (['', '.mp4', '.m4v', '.mov'].includes(to)) return;
  throw refusal(
    `Films are MP4 files (MOV where MP4 cannot carry the sound), not ${to}.`,
    `Name it with .mp4: ${quote(`${output.slice(0, -to.length)}.mp4`)}`,
  );
}

function refuseWrongFolder(folder: string): void {
  const found = statOf(folder);
  if (found?.isDirectory()) return;
  if (found) throw refusal(`${quote(folder)} is no folder.`, 'Name a film in a folder.');
  throw refusal(`The folder ${quote(folder)} does not exist.`, `Make it: mkdir -p ${quote(folder)}`);
}

function refuseTaken(input: string, source: Stats, output: string, force: boolean): void {
  const there = statOf(output);
  if (!there) return;
  // Also by a link, or on a disk that takes capitals and small letters for the same.
  const isSame = there.ino === source.ino && there.dev === source.dev && realpathSync(output) === realpathSync(input);
  if (isSame) throw refusal(`${quote(output)} is the recording itself.`, 'Give the film another name.');
  if (!there.isFile()) throw refusal(`${quote(output)} is there and is no regular file.`, 'Name another film.');
  if (!force) throw refusal(`${quote(output)} exists already.`, 'Name another film, or replace it with --force.');
}

/** Null when there is nothing, or nothing that can be seen. */
function statOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}
