import { AGAIN_SHARE, type Gradings } from './gradings.ts';

/** What is found when the faults are over and nothing moves any more. Paths are relative to their folder. */
export interface Findings {
  /** The recordings that were put in. */
  readonly recordings: readonly string[];
  readonly states: ReadonlyMap<string, string>;
  readonly films: readonly string[];
  readonly originals: readonly string[];
  /** Files that are left in the work folder. */
  readonly work: readonly string[];
  readonly deadLetters: readonly string[];
  /** Records that still wait or are in hand, by topic. */
  readonly left: readonly string[];
  readonly gradings: Gradings;
  /** Of each film that is no exact one: what is wrong with it. */
  readonly inexact: readonly string[];
  /** Processes that did not end with 0 when they were asked to. */
  readonly badEnds: readonly string[];
}

/** Everything that breaks the promise, one sentence each; none when it was kept. Pure. */
export function problemsOf(found: Findings): string[] {
  const { recordings, states, gradings } = found;
  const allowed = gradings.inHand + Math.ceil(gradings.batches * AGAIN_SHARE);
  return [
    ...recordings
      .filter((path) => states.get(path) !== 'finished')
      .map((path) => `${path} is ${states.get(path) ?? 'unknown'}, not finished`),
    ...differences('film', recordings, found.films),
    ...differences('archived original', recordings, found.originals),
    ...found.work.map((file) => `work/${file} was left behind`),
    ...found.deadLetters.map((letter) => `dead letter: ${letter}`),
    ...found.left.map((what) => `work is left on the bus: ${what}`),
    ...(gradings.batches === 0 ? ['no grading was counted'] : []),
    ...(gradings.again > allowed
      ? [`${gradings.again} of ${gradings.batches} batches were graded again; ${allowed} are explained by the faults`]
      : []),
    ...found.inexact,
    ...found.badEnds,
  ];
}

function differences(what: string, wanted: readonly string[], found: readonly string[]): string[] {
  return [
    ...wanted.filter((path) => !found.includes(path)).map((path) => `there is no ${what} of ${path}`),
    ...found
      .filter((path) => !wanted.includes(path))
      .map((path) => `there is a ${what} that nobody asked for: ${path}`),
  ];
}
