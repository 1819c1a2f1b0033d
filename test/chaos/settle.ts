import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { isFinal } from '@dailies/contracts';
import { judge } from '../helpers/judge.ts';
import { countGradings } from './gradings.ts';
import type { Stage } from './stage.ts';
import type { Findings } from './verdict.ts';

/** How long what is left may take when nothing disturbs it any more. */
const FINISH_MS = 600_000;
/** How long the last records may be under way when all films are there. */
const QUIET_MS = 90_000;
const LOOK_MS = 250;

/** Waits until all recordings have ended and the bus is empty; ends the processes, and gathers what is there. */
export async function settle(stage: Stage, recordings: ReadonlyMap<string, string>, inHand: number): Promise<Findings> {
  const paths = [...recordings.keys()];
  const over = (path: string): boolean => {
    const status = stage.view.byPath(path);
    return status !== undefined && isFinal(status.state);
  };
  await until(FINISH_MS, async () => paths.every(over));
  let left: string[] = [];
  await until(QUIET_MS, async () => {
    const lag = await stage.bus.lag().catch(() => null);
    left = lag
      ? lag
          .filter(({ waiting, inFlight }) => waiting + inFlight > 0)
          .map(({ topic, waiting, inFlight }) => `${topic}: ${waiting} waiting, ${inFlight} in hand`)
      : ['the bus does not say'];
    return left.length === 0 && (await filesBelow(join(stage.recordings, 'work'))).length === 0;
  });
  const ends = await Promise.all(stage.places.map(async (place) => ({ name: place.name, end: await place.end() })));
  const films = await filesBelow(join(stage.recordings, 'processed'));
  return {
    recordings: paths,
    states: new Map(paths.map((path) => [path, stage.view.byPath(path)?.state ?? 'unknown'])),
    films,
    originals: await filesBelow(join(stage.recordings, 'archived')),
    work: await filesBelow(join(stage.recordings, 'work')),
    deadLetters: await stage.deadLetters(),
    left,
    gradings: await countGradings(
      stage.places.filter(({ service }) => service === 'filter-worker').map(({ log }) => log),
      inHand,
    ),
    inexact: await inexactOf(stage, recordings, films),
    badEnds: ends
      .filter(({ end }) => end !== 0)
      .map(({ name, end }) => `${name} ended with ${end} when it was asked to`),
  };
}

/** Judges every film; those that are missing are told elsewhere. */
async function inexactOf(
  stage: Stage,
  recordings: ReadonlyMap<string, string>,
  films: readonly string[],
): Promise<string[]> {
  const wrong: string[] = [];
  for (const [path, source] of recordings) {
    if (!films.includes(path)) continue;
    const checks = await judge(source, join(stage.recordings, 'processed', path));
    for (const { name, detail } of checks.filter(({ verdict }) => verdict === 'FAIL'))
      wrong.push(`the film of ${path} is not exact: ${name}: ${detail}`);
  }
  return wrong;
}

/** Waits for a condition, but not for ever; what is wrong then is found by those who look. */
async function until(limitMs: number, condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition()) && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}

/** Files below a folder, relative to it, sorted; hidden ones too. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}
