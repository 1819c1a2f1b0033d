import { padEnd, safeText, wrap } from '@dailies/service';
import { count, duration, percentOf, size } from './figures.ts';
import type { StatusEntry } from './status-model.ts';

/** Below the path; on a narrow terminal there is no room for that. */
const INDENT = 20;
const NARROW = { columns: 60, indent: 2 } as const;

/** The list of recordings for people: those in work first, then failures, then films; a sum, and further notes. */
export function statusText(entries: readonly StatusEntry[], columns: number, notes: readonly string[] = []): string {
  if (entries.length === 0) return `${['No recording has been found yet.', ...notes].join('\n')}\n`;
  const order = (entry: StatusEntry): number => (entry.state === 'finished' ? 2 : entry.endedAt ? 1 : 0);
  const sorted = entries.toSorted((a, b) => order(a) - order(b));
  const parts = partsOf(entries);
  const lines = sorted.flatMap((entry) => entryLines(entry, parts.get(entry.id) ?? null, columns));
  return `${[...lines, '', summary(entries), ...notes].join('\n')}\n`;
}

/** `part 2 of 3 of the meeting standup`, by the id of the recording; of meetings that have several parts. */
function partsOf(entries: readonly StatusEntry[]): Map<string, string> {
  const meetings = Map.groupBy(
    entries.filter(({ meetingId }) => meetingId !== null),
    ({ meetingId }) => meetingId,
  );
  return new Map(
    [...meetings.values()]
      .filter((parts) => parts.length > 1)
      .flatMap((parts) =>
        parts.map(({ id, room }, index) => [
          id,
          `part ${index + 1} of ${parts.length} of the meeting ${safeText(room ?? '')}`.trimEnd(),
        ]),
      ),
  );
}

function entryLines(entry: StatusEntry, part: string | null, columns: number): string[] {
  const percent =
    entry.state === 'finished' || entry.endedAt === null ? `${String(percentOf(entry.progress)).padStart(3)} %` : '';
  const indent = columns >= NARROW.columns ? INDENT : NARROW.indent;
  const head = `${padEnd(entry.state, 12)} ${padEnd(percent, 6)} ${safeText(entry.path)}`;
  return [
    head,
    ...[...(part === null ? [] : [part]), ...detailLines(entry)].flatMap((text) =>
      wrap(text, Math.max(1, columns - indent)).map((line) => ' '.repeat(indent) + line),
    ),
  ];
}

function detailLines(entry: StatusEntry): string[] {
  const lines: string[] = [];
  if (entry.film) {
    const facts = [
      entry.frames === null || entry.kind === 'image' ? null : count(entry.frames, 'frame'),
      entry.durationMs ? duration(entry.durationMs) : null,
      entry.filmBytes === null ? null : size(entry.filmBytes),
    ].filter((fact) => fact !== null);
    lines.push(`film: ${safeText(entry.film)} (${facts.join(', ')})`);
  }
  if (entry.archiveRemovedAt) lines.push(`original: deleted by retention on ${entry.archiveRemovedAt.slice(0, 10)}`);
  if (entry.code) {
    lines.push(`${entry.endedAt ? '' : 'waiting: '}${entry.code}: ${safeText(entry.reason ?? '')}`);
    if (entry.todo) lines.push(`what to do: ${entry.todo}`);
    if (entry.endedAt && !entry.todo?.includes('dailies replay')) lines.push(`again: dailies replay ${entry.id}`);
  }
  return lines;
}

/** `5 recordings: 3 finished, 1 grading, 1 failed`. */
export function summary(entries: readonly { readonly state: string }[]): string {
  const states = new Map<string, number>();
  for (const { state } of entries) states.set(state, (states.get(state) ?? 0) + 1);
  return `${count(entries.length, 'recording')}: ${[...states].map(([state, n]) => `${n} ${state}`).join(', ')}`;
}
