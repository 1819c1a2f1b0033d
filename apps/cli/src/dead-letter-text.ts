import { safeText, wrap } from '@dailies/service';
import type { DeadLetterEntry } from './dead-letter-model.ts';
import { count } from './figures.ts';

const INDENT = '    ';
/** Lines of a program's output that are shown; all of them are in `--json`. */
const SHOWN_LINES = 5;

/** The list of dead letters for people, oldest first. `settled` is how many more are left out. */
export function deadLettersText(entries: readonly DeadLetterEntry[], settled: number, columns: number): string {
  const leftOut =
    settled === 0
      ? []
      : [`${count(settled, 'dead letter')} of recordings that have their film by now left out (--all).`];
  if (entries.length === 0) return `${['No dead letters.', ...leftOut].join('\n')}\n`;
  return `${[...entries.flatMap((entry) => [...entryLines(entry, columns), '']), count(entries.length, 'dead letter'), ...leftOut].join('\n')}\n`;
}

function entryLines(entry: DeadLetterEntry, columns: number): string[] {
  const what = entry.batch === null ? 'a message' : entry.kind === 'image' ? 'the image' : `batch ${entry.batch}`;
  const whose = entry.path === null ? (entry.id ?? 'of an unknown recording') : safeText(entry.path);
  const details = [
    `${entry.code}: ${safeText(entry.reason)}`,
    `given up by ${entry.worker === null ? entry.group : `${entry.group} on ${safeText(entry.worker)}`} after ${count(entry.attempts, 'attempt')}, ${entry.at}`,
    ...tailLines(entry.stderr),
    ...(entry.todo ? [`what to do: ${entry.todo}`] : []),
    ...againLines(entry),
  ];
  return [
    `${whose}: ${what}${entry.run ? ` of run ${entry.run}` : ''}${entry.state === 'open' ? '' : ` (${entry.state})`}`,
    ...details.flatMap((text) => wrap(text, Math.max(40, columns - INDENT.length)).map((line) => INDENT + line)),
  ];
}

function tailLines(stderr: string | null): string[] {
  if (stderr === null) return [];
  return stderr
    .split('\n')
    .slice(-SHOWN_LINES)
    .map((line) => `| ${safeText(line)}`);
}

function againLines({ state, id, todo }: DeadLetterEntry): string[] {
  if (state !== 'open' || id === null || todo?.includes('dailies replay')) return [];
  return [`again: dailies replay ${id}`];
}
